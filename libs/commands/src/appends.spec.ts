import type { SealedEvent } from '#libs/kernel';
import type { AccountFact } from '#libs/domain';
import { appendsOf } from './appends.js';

type Types = readonly AccountFact['type'][];
const decided = (...types: Types): Types => types;
/** What each event counts. */
const ONE = 20;

/** Facts by their types, each sealed into 10 bytes besides its type, and named by its place. */
const cut = (most: number, ...commands: Types[]): string[][] => {
  const events = commands.flat().map((type, at): SealedEvent => ({ id: String(at + 1), type: type.slice(0, 5), body: 'x'.repeat(10) }));
  return appendsOf(commands.map((types) => ({ transition: { facts: types.map((type) => ({ type })) } })), events, most * ONE).map((part) => part.map(({ id }) => id));
};

describe('appends', () => {
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
