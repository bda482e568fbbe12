import * as fc from 'fast-check';
import { formatAmount } from '#libs/money';
import type { Account, Part } from './state.js';
import { warningDollars as dollars, wholeCredits } from './testing/catalogs.js';
import { expectSame } from './testing/expect-same.js';
import { histories } from './testing/histories.js';
import { Journal } from './testing/journal.js';
import { NaiveAccount } from './testing/naive-account.js';
import type { Transition } from './transition.js';

const amountsOf = ({ grants, holds, debt }: Account): object => ({
  free: Object.fromEntries(grants.filter(({ free }) => free > 0n).map(({ key, free }) => [key, formatAmount(free)])),
  held: Object.fromEntries([...holds.values()].map(({ id, parts }) => [id, byGrant(parts)])),
  debt: formatAmount(debt.owed),
});
const byGrant = (parts: readonly Part[]): Record<string, string> => Object.fromEntries(parts.map(({ grant, amount }) => [grant, formatAmount(amount)]));

const outcomeOf = ({ outcome }: Transition): string =>
  ('refusal' in outcome ? outcome.refusal.code : outcome.answer.repeated ? 'repeat' : 'done');

describe.each([false, true])('against a naive model of the same rules (whole credits: %s)', (whole) => {
  it('every command has the same outcome, and every amount lies where it should', () => {
    fc.assert(fc.property(histories({ whole }), (steps) => {
      const real = new Journal(whole ? wholeCredits : dollars);
      const naive = new NaiveAccount(whole);
      for (const { command, now } of steps) {
        const outcome = outcomeOf(real.send(command, now));
        expectSame({ command, outcome, ...amountsOf(real.account) }, { command, outcome: naive.send(command, now), ...naive.amounts() });
      }
    }), { numRuns: Number(process.env.LAW_RUNS ?? 150) });
  });
});
