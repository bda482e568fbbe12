import type { AccountEvent, DataOf } from '#libs/domain';
import type { AccountRecord } from '../folding/account-record.js';
import { usageOf } from './projection.js';

const balance = { remaining: '8', held: '0', debt: '0' };
const record = (event: AccountEvent, rest: Partial<AccountRecord> = {}): AccountRecord => ({
  accountId: 'acme', revision: 3, event, recordedAt: '2026-11-21T10:00:00.000Z', occurredAt: '2026-11-21T10:00:00.000Z', actor: 'operator:gateway', ...rest,
});
const settled = (data: Partial<DataOf<'UsageSettled'>> = {}): AccountEvent => ({
  type: 'UsageSettled', data: { chargeId: 'req-1', via: 'hold', final: true, total: '2', cost: '2', charged: '2', fingerprint: 'f', balance, ...data },
});

describe('the usage log', () => {
  it('has a row for what was charged, with how it was priced', () => {
    const request = { model: 'sonnet', usage: { input_tokens: '40' }, parameters: { quality: 'high' } };
    const price = { catalog: 'kyma', version: 2, at: '2026-11-21T09:00:00.000Z', exact: '1.9999', breakdown: [{ component: 'input_tokens', quantity: '40', unitPrice: '0.05', amount: '2' }] };
    expect(usageOf(record(settled({ request, price })))).toMatchObject({
      accountId: 'acme', revision: 3, id: 'req-1', via: 'hold', outcome: 'settled', late: false, cost: '2',
      model: 'sonnet', usage: request.usage, parameters: request.parameters, price: { catalog: 'kyma', version: 2, exact: '1.9999', breakdown: price.breakdown },
    });
  });

  it('dates reported usage with when it happened', () => {
    const row = usageOf(record(settled({ via: 'usage', source: 'gateway-7' }), { occurredAt: '2025-01-01T00:00:00.000Z' }));
    expect(row).toMatchObject({ at: '2025-01-01T00:00:00.000Z', recordedAt: '2026-11-21T10:00:00.000Z', via: 'usage', source: 'gateway-7' });
  });

  it.each([
    ['captured', settled({ final: false, stillHeld: '3' })], ['settled', settled({ late: true })],
    ['released', { type: 'HoldReleased', data: { holdId: 'req-1', balance } }], ['expired', { type: 'HoldExpired', data: { holdId: 'req-1', balance } }],
  ] as const)('tells that work was %s', (outcome, event) => expect(usageOf(record(event))).toMatchObject({ id: 'req-1', outcome }));

  it('shows failed work at no cost, with the facts of its failure', () => {
    const row = usageOf(record({ type: 'HoldReleased', data: { holdId: 'req-1', reason: 'upstream', facts: { statusCode: 502, latencyMs: 1240, group: 'chat', route: 'eu' }, balance } }));
    expect(row).toMatchObject({ cost: '0', status: 502, latencyMs: 1240, group: 'chat', facts: { route: 'eu' } });
  });

  it.each([
    [{ statusCode: '402' }, { status: 402 }], [{ statusCode: 'ok' }, { status: undefined }], [{ statusCode: 1e99 }, { status: undefined }], [{ statusCode: 200.5 }, { status: undefined }],
    [{ statusCode: true }, { status: undefined }], [{ latencyMs: '12.5' }, { latencyMs: 12.5 }], [{ latencyMs: '' }, { latencyMs: undefined }], [{ group: 7 }, { group: '7' }],
  ])('takes facts %j for what a filter can use, %j', (facts, expected) => expect(usageOf(record(settled({ facts })))).toMatchObject({ ...expected, facts }));

  it('knows the key that did the work: as told, or whose call it was', () => {
    expect(usageOf(record(settled({ facts: { keyId: 'k1' } }), { actor: 'key:k2' }))?.keyId).toBe('k1');
    expect(usageOf(record(settled(), { actor: 'key:k2' }))?.keyId).toBe('k2');
    expect(usageOf(record(settled()))?.keyId).toBeUndefined();
  });

  it('has no row for an event that ends no work', () => {
    expect(usageOf(record({ type: 'PackExpired', data: { grant: 'purchase/p', amount: '1', balance } }))).toBeUndefined();
  });
});
