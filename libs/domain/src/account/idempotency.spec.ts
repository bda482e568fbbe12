import type { Answer } from './answers.js';
import type { AccountCommand } from './commands.js';
import { dollars } from './testing/catalogs.js';
import { buy, capture, charge, grant, hold, holdFor, increase, refundCharge, refundPurchase, release, report, settle } from './testing/commands.js';
import { at, DAY, refused, specFor, wait } from './testing/given.js';

const given = specFor(dollars);

interface Case {
  readonly before: readonly AccountCommand[];
  readonly command: AccountCommand;
  /** What the same means: written otherwise. */
  readonly same?: AccountCommand;
  /** The same id with other content, and how it is refused. */
  readonly others?: readonly (readonly [AccountCommand, string])[];
  /** Sent again it has the first answer, word for word; otherwise it shows how things stand. */
  readonly firstAnswer: boolean;
}

const funds = [buy('b', '9')];
const held = [...funds, hold('h', '4')];
const charged = [...funds, charge('c', '4')];

const cases: Record<string, Case> = {
  BuyCredit: { before: [], command: buy('x', '5'), same: buy('x', '5.0'), others: [[buy('x', '6'), 'idempotency_conflict']], firstAnswer: true },
  GrantCredit: { before: [], command: grant('x', '5'), same: grant('x', '5.0', { priority: 50 }), others: [[grant('x', '5', { kind: 'referral' }), 'idempotency_conflict']], firstAnswer: true },
  PlaceHold: { before: funds, command: hold('x', '4'), same: hold('x', '4.0', { onExcess: 'charge' }), others: [[hold('x', '5'), 'idempotency_conflict'], [holdFor('x', { model: 'chat', usage: {} }), 'idempotency_conflict']], firstAnswer: false },
  'PlaceHold, for usage': {
    before: funds, command: holdFor('x', { model: 'chat', usage: { output_tokens: '1000' } }), same: holdFor('x', { model: 'chat', usage: { output_tokens: '1000', requests: '1' } }),
    others: [[holdFor('x', { model: 'chat', usage: { output_tokens: '1000', requests: '2' } }), 'idempotency_conflict']], firstAnswer: false,
  },
  'SettleHold, final': { before: held, command: settle('h', '3'), same: settle('h', '3.0'), others: [[settle('h', '4'), 'hold_closed'], [capture('h', '3'), 'hold_closed']], firstAnswer: true },
  'SettleHold, in part': { before: held, command: capture('h', '3'), same: capture('h', '3.0'), others: [[capture('h', '2'), 'state_conflict']], firstAnswer: false },
  'IncreaseHold, amount': { before: held, command: increase('h', '6'), same: increase('h', '6.0'), others: [[increase('h', '5'), 'state_conflict']], firstAnswer: false },
  'IncreaseHold, time': { before: held, command: increase('h', undefined, 10_000), others: [[increase('h', undefined, 9_000), 'state_conflict']], firstAnswer: false },
  ReleaseHold: { before: held, command: release('h'), same: release('h', { reason: 'again' }), firstAnswer: false },
  ChargeUsage: { before: funds, command: charge('x', '4'), same: charge('x', '4.0'), others: [[charge('x', '5'), 'idempotency_conflict']], firstAnswer: true },
  ReportUsage: { before: [], command: report('x', '4', at(0)), same: report('x', '4.0', at(0)), others: [[report('x', '5', at(0)), 'idempotency_conflict'], [report('x', '4', at(-1)), 'idempotency_conflict']], firstAnswer: true },
  'Refund of a charge': { before: charged, command: refundCharge('x', 'c', '1'), same: refundCharge('x', 'c', '1.0'), others: [[refundCharge('x', 'c', '2'), 'idempotency_conflict'], [refundCharge('x', 'c'), 'idempotency_conflict'], [refundPurchase('x', 'b', '1'), 'idempotency_conflict']], firstAnswer: true },
  'Refund of all that is left': { before: charged, command: refundCharge('x', 'c'), others: [[refundCharge('x', 'c', '4'), 'idempotency_conflict']], firstAnswer: true },
  'Refund of a purchase': { before: funds, command: refundPurchase('x', 'b', '1'), same: refundPurchase('x', 'b', '1.0'), others: [[refundPurchase('x', 'b', '2'), 'idempotency_conflict']], firstAnswer: true },
};

/** An answer as it is sent. */
const said = (answer: Answer): object => JSON.parse(JSON.stringify(answer)) as object;

const all = Object.entries(cases);

describe('a command sent again', () => {
  it.each(all)('has one effect: %s', (_name, { before, command, same = command }) => {
    given(...before, command).when(same).thenRecordsNothing().thenAnswers({ repeated: true });
  });

  it.each(all.filter(([, { firstAnswer }]) => firstAnswer))('has the first answer, whatever happened since: %s', (_name, { before, command, same = command }) => {
    const first = said({ ...given(...before).when(command).answer, repeated: true });
    expect(said(given(...before, command, buy('later', '50'), charge('also later', '1')).when(same).thenRecordsNothing().answer)).toMatchObject(first);
    expect(said(given(...before, command, wait(1_000 * DAY)).when(same).answer)).toMatchObject(first);
  });

  it.each(all.filter(([, { others }]) => others))('with other content is refused and changes nothing: %s', (_name, { before, command, others = [] }) => {
    for (const [other, code] of others) given(...before, command).when(other).thenRejects(code).thenRecordsNothing();
  });
});

describe('a key', () => {
  const keyed = <Command extends object>(command: Command, idempotencyKey: string): Command => ({ ...command, idempotencyKey });

  it('counts within its operation', () => {
    given(buy('x', '9'), grant('x', '1'), charge('c', '4')).when(refundCharge('x', 'c')).thenAnswers({ repeated: false });
  });

  it('and an id stand for the same command: either tells a repeat', () => {
    given(...charged, keyed(refundCharge('x', 'c', '1'), 'k')).when(keyed(refundCharge('x', 'c', '1'), 'k2')).thenRecordsNothing().thenAnswers({ repeated: true });
    given(...charged, keyed(refundCharge('x', 'c', '1'), 'k')).when(keyed(refundCharge('y', 'c', '1'), 'k')).thenRejects('idempotency_conflict');
  });

  it.each(['BuyCredit', 'GrantCredit', 'Refund'] as const)('has nothing to do with the ids of others: %s', (type) => {
    const send = (id: string, idempotencyKey?: string): AccountCommand =>
      (type === 'BuyCredit' ? { type, id, idempotencyKey, amount: '5' } : type === 'GrantCredit' ? { type, id, idempotencyKey, kind: 'promotion', amount: '5' }
        : { type, id, idempotencyKey, of: { charge: 'c' }, amount: '1' });
    const first = () => given(...charged, send('p1', 'key-1'));
    first().when(send('p2', 'p1')).thenAnswers({ repeated: false });
    first().when(send('key-1', 'key-2')).thenAnswers({ repeated: false });
    first().when(send('key-1')).thenAnswers({ repeated: false });
    first().when(send('p1')).thenRecordsNothing().thenAnswers({ repeated: true });
    first().when(send('p2', 'key-1')).thenRejects('idempotency_conflict');
    given(...charged, send('k', 'k')).when(send('p2', 'k')).thenRejects('idempotency_conflict');
    given(...charged, send('k', 'k')).when(send('k')).thenRecordsNothing().thenAnswers({ repeated: true });
    given(...charged, send('k')).when(send('k', 'k')).thenRecordsNothing().thenAnswers({ repeated: true });
    given(...charged, send('k')).when(send('p2', 'k')).thenAnswers({ repeated: false });
  });

  it('is used up by an accepted command only: a refused one leaves no trace and is decided afresh', () => {
    given(refused(charge('x', '4')), buy('b', '9')).when(charge('x', '5')).thenAnswers({ repeated: false });
    given(buy('b', '9'), refused(refundCharge('x', 'c')), charge('c', '4')).when(refundCharge('x', 'c', '1')).thenAnswers({ repeated: false });
    given(refused(hold('h', '4')), buy('b', '9')).when(settle('h', '4')).thenRejects('not_found');
  });
});
