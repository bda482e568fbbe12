import { addMs, type Instant } from '#libs/kernel';
import { formatAmount } from '#libs/money';
import type { Catalog } from '../../catalog/index.js';
import type { Answer, HoldView } from '../answers.js';
import type { AccountCommand } from '../commands.js';
import type { AccountEvent, AccountEventType, DataOf } from '../events.js';
import { imbalanceOf } from '../imbalance.js';
import { findGrant } from '../grants.js';
import { balanceOf, type Account } from '../state.js';
import type { Transition } from '../transition.js';
import { START } from './catalogs.js';
import { openAccount } from './commands.js';
import { Journal } from './journal.js';

/** Time passes on the wall. */
interface Wait { readonly waitMs: number }
/** A command that is refused, and so leaves no trace. */
interface Refused { readonly refused: AccountCommand }
type Step = AccountCommand | Wait | Refused;

export const wait = (seconds: number): Wait => ({ waitMs: seconds * 1_000 });
export const MINUTE = 60;
export const HOUR = 3_600;
export const DAY = 86_400;
export const refused = (command: AccountCommand): Refused => ({ refused: command });
/** The instant so many seconds after the specs' clock started. */
export const at = (seconds: number): Instant => addMs(START, seconds * 1_000);

/** An event, by what of it matters. */
export const event = <Type extends AccountEventType>(type: Type, data: Partial<DataOf<Type>> = {}): { type: Type; data: Partial<DataOf<Type>> } => ({ type, data });

interface Balance { readonly remaining?: string; readonly held?: string; readonly available?: string; readonly debt?: string }

/**
 * Tells what happened, then what is asked, then what must follow:
 * `given(buy('b', '10'), hold('h', '4')).when(settle('h', '3')).thenBalance({ available: '7' })`.
 * The account is open; every step was accepted unless it says so.
 */
export const specFor = (catalog: Catalog) => (...steps: readonly Step[]) => {
  const journal = new Journal(catalog);
  journal.send(openAccount, START);
  let now = START;
  for (const step of steps) {
    if ('waitMs' in step) { now = addMs(now, step.waitMs); continue; }
    const command = 'refused' in step ? step.refused : step;
    const { outcome } = journal.send(command, now);
    if ('refused' in step) expect(outcome).toHaveProperty('refusal');
    else if ('refusal' in outcome) throw outcome.refusal;
  }
  return { when: (command: AccountCommand): Outcome => new Outcome(journal.send(command, now)) };
};

class Outcome {
  readonly account: Account;

  constructor(private readonly result: Transition) {
    this.account = result.account;
    expect(imbalanceOf(this.account)).toBeUndefined();
  }

  /** Exactly these events, in this order; what of their data is not named may be anything. */
  thenRecords(...events: readonly { readonly type: AccountEventType; readonly data: object }[]): this {
    expect(this.types).toEqual(events.map(({ type }) => type));
    expect(this.result.facts).toMatchObject(events);
    return this;
  }

  /** Members that the last recorded event must not have. */
  without(...members: readonly string[]): this {
    expect(Object.entries(this.result.facts.at(-1)?.data ?? {}).filter(([member, value]) => members.includes(member) && value !== undefined)).toEqual([]);
    return this;
  }

  thenRecordsNothing(): this {
    expect(this.result.facts).toEqual([]);
    return this;
  }

  thenRejects(code: string, facts: object = {}): this {
    const { outcome } = this.result;
    expect('refusal' in outcome ? outcome.refusal : outcome.answer).toMatchObject({ code, facts });
    return this;
  }

  thenAnswers(answer: Partial<Omit<Answer, 'fact' | 'hold'>> & { readonly hold?: Partial<HoldView>; readonly fact?: Partial<AccountEvent> } = {}): this {
    expect(this.answer).toMatchObject(answer);
    return this;
  }

  thenBalance(expected: Balance): this {
    const { remaining, held, available, debt } = balanceOf(this.account);
    expect({ remaining: formatAmount(remaining), held: formatAmount(held), available: formatAmount(available), debt: formatAmount(debt) }).toMatchObject(expected);
    return this;
  }

  /** What is free and what is held in each of these grants. */
  thenGrants(expected: Readonly<Record<string, readonly [free: string, held: string]>>): this {
    const found = Object.keys(expected).map((key) => {
      const { free, held } = findGrant(this.account, key) ?? { free: 0n, held: 0n };
      return [key, [formatAmount(free), formatAmount(held)]];
    });
    expect(Object.fromEntries(found)).toEqual(expected);
    return this;
  }

  /** When each of what was recorded is dated. */
  thenRecordedAt(...instants: readonly Instant[]): this {
    expect(this.result.facts.map(({ recordedAt }) => recordedAt)).toEqual(instants);
    return this;
  }

  /** @throws the refusal, where it was refused */
  get answer(): Answer {
    const { outcome } = this.result;
    if ('refusal' in outcome) throw outcome.refusal;
    return outcome.answer;
  }

  private get types(): AccountEventType[] {
    const { outcome, facts } = this.result;
    // A refusal nobody expected explains itself better than a list of events that is too short.
    if ('refusal' in outcome && facts.length === 0) return [`refused: ${outcome.refusal.message}` as AccountEventType];
    return facts.map(({ type }) => type);
  }
}
