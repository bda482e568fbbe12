import * as fc from 'fast-check';
import { addMs, later } from '#libs/kernel';
import type { Answer } from './answers.js';
import { balanceData } from './draft.js';
import { evolve } from './evolve.js';
import { imbalanceOf } from './imbalance.js';
import { loadAccount, saveAccount } from './snapshot.js';
import { balanceOf, initialAccount, type Account } from './state.js';
import { warningDollars as dollars, wholeCredits } from './testing/catalogs.js';
import { wake } from './testing/commands.js';
import { expectSame } from './testing/expect-same.js';
import { histories, type HistoryShape, type Step } from './testing/histories.js';
import { Journal } from './testing/journal.js';
import { plain } from './testing/plain.js';
import { accountAsOf, type Transition } from './transition.js';

const RUNS = { numRuns: Number(process.env.LAW_RUNS ?? 150) };
const catalogFor = ({ whole }: HistoryShape) => (whole ? wholeCredits : dollars);
const told = (steps: readonly Step[], catalog = dollars): Journal => {
  const journal = new Journal(catalog);
  for (const { command, now } of steps) journal.send(command, now);
  return journal;
};
const answerOf = ({ outcome }: Transition): Answer | undefined => ('answer' in outcome ? outcome.answer : undefined);

/** States after each event, folded from the log alone. */
const folds = ({ facts }: Journal): Account[] => {
  let account = initialAccount;
  return facts.map((fact) => (account = evolve(account, fact)));
};

describe.each<HistoryShape>([{}, { whole: true }])('law 1, conservation (%j)', (shape) => {
  it('holds after every event: credited = remaining + spent + expired + refunded out, and every part adds up', () => {
    fc.assert(fc.property(histories(shape), (steps) => {
      for (const account of folds(told(steps, catalogFor(shape)))) expectSame(imbalanceOf(account), undefined);
    }), RUNS);
  });

  it('gives every event the balance it leads to', () => {
    fc.assert(fc.property(histories(shape), (steps) => {
      const journal = told(steps, catalogFor(shape));
      folds(journal).forEach((account, at) => {
        const data = journal.facts[at]?.data;
        if (!data || !('balance' in data)) return;
        expectSame(data.balance, balanceData(account));
      });
    }), RUNS);
  });
});

describe('law 2, nobody overspends', () => {
  it('keeps available credit at zero or above where holds are capped and charges state their price', () => {
    fc.assert(fc.property(histories({ nobodyOverspends: true }), (steps) => {
      for (const account of folds(told(steps))) expect(balanceOf(account).available).toBeGreaterThanOrEqual(0n);
    }), RUNS);
  });
});

/** Sent again, they answer what they answered first. */
const answersAgain = (step: Step): boolean =>
  ['BuyCredit', 'GrantCredit', 'Refund', 'ChargeUsage', 'ReportUsage'].includes(step.command.type) || (step.command.type === 'SettleHold' && step.command.final);

describe('law 3, at most once', () => {
  it('a command sent again at once changes nothing', () => {
    fc.assert(fc.property(histories(), (steps) => {
      const journal = new Journal(dollars);
      for (const { command, now } of steps) {
        const first = journal.send(command, now);
        if (!answerOf(first)) continue;
        expectSame(journal.decide(command, now).facts, []);
      }
    }), RUNS);
  });

  it('a command sent again later changes nothing, and where an id or a key makes it one, has the first answer', () => {
    fc.assert(fc.property(histories(), fc.nat(40 * 86_400_000), (steps, laterMs) => {
      const journal = new Journal(dollars);
      const accepted = steps.flatMap((step) => {
        const answer = answerOf(journal.send(step.command, step.now));
        return answer ? [{ step, answer }] : [];
      });
      const now = addMs(journal.account.lastRecordedAt, laterMs);
      const due = journal.decide(wake, now).facts;
      for (const { step, answer } of accepted) {
        // A prolongation sent anew after a while prolongs anew, and a capture below a cap may find more held by then.
        if (step.command.type === 'IncreaseHold' || (step.command.type === 'SettleHold' && !step.command.final)) continue;
        const again = journal.decide(step.command, now);
        expectSame(again.facts, due);
        if (answersAgain(step)) expectSame({ ...answerOf(again), repeated: answer.repeated, fact: undefined }, { ...answer, fact: undefined });
      }
    }), RUNS);
  });

  it('a refused command leaves no trace but what was due', () => {
    fc.assert(fc.property(histories(), (steps) => {
      const journal = new Journal(dollars);
      for (const { command, now } of steps) {
        const due = journal.account.terms ? journal.decide(wake, now).facts : [];
        const result = journal.send(command, now);
        if ('refusal' in result.outcome) expectSame(result.facts, due);
      }
    }), RUNS);
  });
});

describe('law 5, replay is deterministic', () => {
  it('the fold of the log is the state the decisions led to', () => {
    fc.assert(fc.property(histories(), (steps) => {
      const journal = told(steps);
      expectSame(plain(folds(journal).at(-1) as Account), plain(journal.account));
    }), RUNS);
  });

  it('a snapshot taken anywhere changes nothing of what follows', () => {
    fc.assert(fc.property(histories(), fc.nat(), (steps, nth) => {
      const journal = told(steps);
      const states = folds(journal);
      const at = nth % states.length;
      let restored = loadAccount(saveAccount(states[at] as Account));
      expectSame(plain(restored), plain(states[at] as Account));
      for (const fact of journal.facts.slice(at + 1)) restored = evolve(restored, fact);
      expectSame(plain(restored), plain(journal.account));
    }), RUNS);
  });

  it('what is due is written the same in one go and in pieces, and however late', () => {
    fc.assert(fc.property(histories(), fc.array(fc.nat(40 * 86_400_000), { maxLength: 5 }), (steps, moments) => {
      const [once, inPieces] = [told(steps), told(steps)];
      const from = once.account.lastRecordedAt;
      const moves = moments.toSorted((a, b) => a - b);
      for (const ms of moves) inPieces.send(wake, addMs(from, ms));
      const end = addMs(from, moves.at(-1) ?? 0);
      once.send(wake, end);
      expectSame(inPieces.facts, once.facts);
    }), RUNS);
  });

  it('waking an account between commands, once or often, changes nothing', () => {
    fc.assert(fc.property(histories(), fc.infiniteStream(fc.nat(120_000)), (steps, early) => {
      const woken = new Journal(dollars);
      for (const { command, now } of steps) {
        if (woken.account.terms) woken.send(wake, addMs(now, -(early.next().value ?? 0)));
        woken.send(command, now);
      }
      expectSame(woken.facts, told(steps).facts);
    }), RUNS);
  });

  it('an account as of an instant is what the engine would have answered then', () => {
    fc.assert(fc.property(histories({ maxLength: 30 }), fc.nat(), fc.nat(3_600_000), (steps, nth, ms) => {
      const part = steps.slice(0, 1 + (nth % steps.length));
      const then = told(part);
      const instant = addMs(part.reduce((latest, { now }) => later(latest, now), then.account.lastRecordedAt), ms);
      // The log as it is later: what was due by then may have been written afterwards.
      const full = new Journal(dollars);
      for (const { command, now } of part) full.send(command, now);
      for (const { command, now } of steps.slice(part.length)) full.send(command, later(now, addMs(instant, 1)));
      const recorded = full.facts.filter(({ recordedAt }) => recordedAt <= instant);
      const asOf = accountAsOf(recorded.reduce<Account>(evolve, initialAccount), instant);
      then.send(wake, instant);
      expectSame({ ...plain(asOf), revision: 0 }, { ...plain(then.account), revision: 0 });
    }), RUNS);
  });
});

describe('law 7, no answer from stale memory, as far as the decider goes', () => {
  it('a decision is a function of the log: the same on a state folded from it, or restored, as on the one in memory', () => {
    fc.assert(fc.property(histories(), fc.nat(), (steps, nth) => {
      const journal = new Journal(dollars);
      for (const [at, { command, now }] of steps.entries()) {
        if (at % 7 === nth % 7 && journal.facts.length > 0) {
          const fromLog = journal.facts.reduce<Account>(evolve, initialAccount);
          const live = journal.decide(command, now);
          for (const account of [fromLog, loadAccount(saveAccount(fromLog))]) {
            const { facts, outcome } = journal.decide(command, now, account);
            expectSame({ facts, outcome }, { facts: live.facts, outcome: live.outcome });
          }
        }
        journal.send(command, now);
      }
    }), RUNS);
  });
});
