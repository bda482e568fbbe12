import type { SealedEvent } from '#libs/kernel';
import { appendsOf, type DecidedEvents } from './appends.js';

/** Facts by their types, each sealed into 10 bytes besides its type, named by its place. */
let place = 0;
const decided = (...types: DecidedEvents['facts'][number]['type'][]): DecidedEvents => ({
  facts: types.map((type) => ({ type })),
  events: types.map((type): SealedEvent => ({ id: String((place += 1)), type: type.slice(0, 5), body: 'x'.repeat(10) })),
});
/** What each event counts. */
const ONE = 20;
const cut = (most: number, ...commands: DecidedEvents[]): string[][] => appendsOf(commands, most * ONE).map((events) => events.map(({ id }) => id));

describe('appends', () => {
  beforeEach(() => { place = 0; });

  it('are one where everything fits, and also where there is nothing', () => {
    expect(cut(3, decided('HoldPlaced'), decided('UsageSettled', 'BalanceThresholdCrossed'))).toEqual([['1', '2', '3']]);
    expect(cut(1)).toEqual([[]]);
    expect(cut(1, decided())).toEqual([[]]);
  });

  it('are cut between commands, as full as they may be', () => {
    expect(cut(2, decided('HoldPlaced'), decided('HoldPlaced'), decided('HoldPlaced'))).toEqual([['1', '2'], ['3']]);
  });

  it('keep together what a command decided', () => {
    expect(cut(2, decided('HoldPlaced'), decided('UsageSettled', 'BalanceThresholdCrossed'))).toEqual([['1'], ['2', '3']]);
  });

  it('are cut after what had ended, each with its warning', () => {
    expect(cut(2, decided('HoldExpired', 'HoldExpired', 'PackExpired', 'BalanceThresholdCrossed', 'HoldExpired', 'UsageSettled', 'BalanceThresholdCrossed')))
      .toEqual([['1', '2'], ['3', '4'], ['5'], ['6', '7']]);
  });

  it('leave whole what cannot be cut, for the log to refuse', () => {
    expect(cut(1, decided('HoldPlaced'), decided('UsageSettled', 'BalanceThresholdCrossed', 'BalanceThresholdCrossed'), decided('HoldPlaced'))).toEqual([['1'], ['2', '3', '4'], ['5']]);
  });
});
