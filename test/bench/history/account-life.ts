import { addMs, type Cause } from '#libs/kernel';
import { initialAccount, keysNeeded, keysTouched, transition, type Account, type AccountCommand, type AccountFact, type Catalog, type PastFact } from '#libs/domain';

const MODELS = ['claude-sonnet-4-6', 'deepseek-v4-flash', 'qwen-3-32b'] as const;
/** Enough of the past for what the next commands ask for: settles and refunds of holds just placed. */
const REMEMBERED_KEYS = 8;

export interface Step {
  readonly facts: readonly AccountFact[];
  readonly cause: Cause;
  readonly account: Account;
}

/**
 * What an account goes through, as the domain decides it: opened, credit bought now and then, and one hold after the
 * other, of which most are settled, some released, prolonged, settled in two parts or refunded. It does not know its
 * account's id, so that many accounts may live the same life.
 */
export class AccountLife {
  private account: Account = initialAccount;
  private readonly recent = new Map<string, PastFact[]>();
  private readonly plan: Generator<AccountCommand, never>;

  /** @param seed lives with another seed use and cost something else */
  constructor(seed: number, private readonly catalog: Catalog, private now: string) {
    this.plan = commands(seed);
  }

  /** Carries out the next command. */
  next(): Step {
    const command = this.plan.next().value;
    this.now = addMs(this.now, 250);
    const { revision } = this.account;
    const { facts, account, outcome } = transition(this.account, command, { now: this.now, catalog: this.catalog, past: this.pastOf(command) });
    if ('refusal' in outcome) throw outcome.refusal;
    this.remember(facts);
    this.account = account;
    return { facts, account, cause: { actor: 'operator:gateway', correlationId: `c-${revision}`, causationId: `${command.type}/${revision}` } };
  }

  private pastOf(command: AccountCommand): Map<string, readonly PastFact[]> {
    const past = new Map<string, readonly PastFact[]>();
    for (const key of keysNeeded(command, (id) => this.account.holds.has(id))) {
      const facts = this.recent.get(key);
      if (facts) past.set(key, facts);
    }
    return past;
  }

  private remember(facts: readonly AccountFact[]): void {
    let { revision } = this.account;
    for (const fact of facts) {
      revision += 1;
      for (const key of keysTouched(fact)) this.recent.set(key, [...this.recent.get(key) ?? [], { ...fact, revision }]);
    }
    for (const key of this.recent.keys()) {
      if (this.recent.size <= REMEMBERED_KEYS) break;
      this.recent.delete(key);
    }
  }
}

const commands = function* (seed: number): Generator<AccountCommand, never> {
  yield { type: 'OpenAccount', mode: 'prepaid', timeZone: 'UTC' };
  for (let turn = 0; ; turn += 1) {
    if (turn % 500 === 0) yield { type: 'BuyCredit', id: `buy-${turn}`, idempotencyKey: `buy-${turn}`, amount: '100' };
    const holdId = `request-${seed}-${turn}`;
    const model = MODELS[(seed + turn) % MODELS.length]!;
    const usage = (output: number) => ({ input_tokens: '4000', output_tokens: String(output) });
    const output = 100 + (((seed + turn) * 7_919) % 900);
    yield { type: 'PlaceHold', holdId, request: { model, usage: usage(4_096) } };
    if (turn % 20 === 7) {
      yield { type: 'ReleaseHold', holdId, reason: 'upstream 502' };
      continue;
    }
    if (turn % 50 === 11) yield { type: 'SettleHold', holdId, usage: usage(Math.floor(output / 2)), final: false };
    if (turn % 100 === 13) yield { type: 'IncreaseHold', holdId, ttlSeconds: 3_600 };
    yield { type: 'SettleHold', holdId, usage: usage(output), final: true, facts: { statusCode: 200, latencyMs: 1_240, group: 'chat' } };
    if (turn % 200 === 17) yield { type: 'Refund', id: `refund-${turn}`, idempotencyKey: `refund-${turn}`, of: { charge: holdId }, amount: '0.0001', reason: 'bad output' };
  }
};
