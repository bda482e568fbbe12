import { accountStream } from '#libs/domain';
import { readRecord } from '../folding/account-record.js';
import * as send from '../../../domain/src/account/testing/commands.js';
import { eventsOf, START, type Step } from '../testing/account-events.js';
import { applyToHold, holdChangeOf, type OpenHold } from './projection.js';

const fold = (...commands: Step['command'][]): OpenHold | undefined => {
  const { events } = eventsOf([send.openAccount, send.buy('p', '50'), ...commands].map((command) => ({ command, now: START })));
  let hold: OpenHold | undefined;
  for (const [revision, event] of events.entries()) {
    const change = holdChangeOf(readRecord({ ...event, stream: accountStream('acme'), revision }));
    if (change) hold = applyToHold(hold, change);
  }
  return hold;
};

const PLACED = send.holdFor('h', { model: 'chat', usage: { output_tokens: '3500' } });

describe('an open hold', () => {
  it('is there from when it is placed', () => {
    expect(fold(PLACED)).toEqual({ accountId: 'acme', holdId: 'h', placedAt: START, expiresAt: '2026-11-21T10:15:00.000Z', amount: '4', held: '4', charged: '0', model: 'chat' });
  });

  it('grows and lasts longer with an increase', () => expect(fold(PLACED, send.increase('h', '6', 3_600))).toMatchObject({ amount: '6', held: '6', expiresAt: '2026-11-21T11:00:00.000Z' }));
  it('keeps the rest of a partial capture', () => expect(fold(PLACED, send.capture('h', '1.5'))).toMatchObject({ amount: '4', held: '2.5', charged: '1.5' }));
  it('grows by what is added after a capture', () => expect(fold(PLACED, send.capture('h', '1.5'), send.increase('h', '5'))).toMatchObject({ amount: '5', held: '3.5', charged: '1.5' }));
  it.each([['settled', send.settle('h', '2')], ['released', send.release('h')]])('is gone once it is %s', (_, command) => expect(fold(PLACED, command)).toBeUndefined());

  it('is missed when an event is about one that is not open', () => {
    expect(() => applyToHold(undefined, { key: 'acme/h', does: 'close' })).toThrow('hold acme/h is not known to be open');
  });
});
