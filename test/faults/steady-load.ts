import { setTimeout as pause } from 'node:timers/promises';
import { Decimal } from 'decimal.js';
import { tryOnce, type Reply } from './client.js';
import type { Dice } from './dice.js';

const ACCOUNTS = 8;
const WORKERS = 16;
const CREDIT = '100000';
/** Between two commands of a worker: load that goes on, not as much as there can be. */
const THINK_MS = 40;
const TRY_AGAIN_MS = 100;
/** Whoever waits longer for an answer asks again, elsewhere: the first may still be under way. */
const PATIENCE_MS = 4_000;
const GIVE_UP_MS = 120_000;
/** Holds that are settled outlast every outage; the others end soon. */
const LONG_SECONDS = 3_600;

const MODEL = { model: 'claude-sonnet-4-6', usage: { input_tokens: 4_000, output_tokens: 900 } };

interface Command {
  readonly account: string;
  readonly path: string;
  readonly body: object;
  /** What it leads to in the log: type and id. */
  readonly event: string;
  /** Asking again, once it is carried out, may find what came of it since. */
  readonly orElse?: string;
  /** Its answer tells how the hold stands by now: the balance may have moved on. */
  readonly tellsNow?: boolean;
}

/** What an account is to hold when all is over. */
interface Expected {
  readonly events: string[];
  remaining: Decimal;
}

/**
 * Callers that lose nothing and repeat a lot: each command is sent to one API after another under the same ids until it is
 * answered for good, some to both at once, and some again after the answer. So every one of them is to be done, once.
 */
export class SteadyLoad {
  readonly expected = new Map<string, Expected>();
  /** How many commands were answered for good. */
  acknowledged = 0;
  /** How many times nobody answered, or could not. */
  unanswered = 0;
  repeated = 0;
  private readonly stopping = new AbortController();
  private workers: Promise<unknown> = Promise.resolve();
  private abandoned = false;
  private failure: { readonly error: unknown } | undefined;

  constructor(private readonly apis: readonly string[], private readonly dice: Dice) {}

  async start(): Promise<void> {
    await Promise.all(Array.from({ length: ACCOUNTS }, (_, n) => this.open(`a-${n}`)));
    this.workers = Promise.all(Array.from({ length: WORKERS }, (_, worker) => this.work(worker)));
    this.workers.catch((error: unknown) => { this.failure = { error }; });
  }

  /** @throws what a worker met that should not be */
  check(): void {
    if (this.failure) throw this.failure.error;
  }

  /** Resolves when every command begun has been answered. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.workers;
  }

  /** Leaves everything as it is. */
  abandon(): void {
    this.stopping.abort();
    this.abandoned = true;
  }

  private async work(worker: number): Promise<void> {
    const lives = ['settle', 'settlePriced', 'settleInParts', 'release', 'leave', 'charge', 'chargeAndRefund', 'buy'] as const;
    for (let n = 0; !this.stopping.signal.aborted; n += 1) {
      const account = `a-${(worker + n) % ACCOUNTS}`;
      await this[this.dice.of(lives)](account, `${worker}-${n}`);
    }
  }

  private async open(account: string): Promise<void> {
    this.expected.set(account, { events: [], remaining: new Decimal(0) });
    await this.carryOut({ account, path: '/v1/accounts', body: { id: account, catalog: 'kyma', billing: { mode: 'prepaid' } }, event: 'AccountOpened' });
    await this.credit(account, 'start', CREDIT);
  }

  private async settle(account: string, id: string): Promise<void> {
    await this.hold(account, id, { amount: '0.5', ttlSeconds: LONG_SECONDS });
    this.spend(account, costOf(await this.close(account, id, 'settle', { amount: '0.3' })));
  }

  private async settlePriced(account: string, id: string): Promise<void> {
    await this.hold(account, id, { model: MODEL.model, usage: { input_tokens: 4_000, output_tokens: 4_096 }, ttlSeconds: LONG_SECONDS });
    this.spend(account, costOf(await this.close(account, id, 'settle', { usage: MODEL.usage, facts: { group: 'chat', statusCode: 200 } })));
  }

  private async settleInParts(account: string, id: string): Promise<void> {
    await this.hold(account, id, { amount: '0.5', ttlSeconds: LONG_SECONDS });
    await this.close(account, id, 'settle', { amount: '0.1', final: false });
    this.spend(account, costOf(await this.close(account, id, 'settle', { amount: '0.25' })));
  }

  private async release(account: string, id: string): Promise<void> {
    await this.hold(account, id, { amount: '0.5', ttlSeconds: LONG_SECONDS });
    await this.close(account, id, 'release', { reason: 'upstream failed' });
  }

  private async leave(account: string, id: string): Promise<void> {
    await this.hold(account, id, { amount: '0.5', ttlSeconds: this.dice.between(1, 5) });
    this.expect(account, `HoldExpired ${id}`);
  }

  private async charge(account: string, id: string): Promise<void> {
    const { body } = await this.carryOut({ account, path: '/v1/charges', body: { id, accountId: account, ...MODEL }, event: `UsageSettled ${id}` });
    this.spend(account, textOf(body.cost));
  }

  private async chargeAndRefund(account: string, id: string): Promise<void> {
    await this.charge(account, id);
    const { body } = await this.carryOut({ account, path: `/v1/accounts/${account}/refunds`, body: { id: `r-${id}`, charge: id }, event: `RefundIssued r-${id}` });
    this.add(account, textOf(body.refunded));
  }

  private async buy(account: string, id: string): Promise<void> {
    await this.credit(account, id, '1.25');
  }

  private async credit(account: string, id: string, amount: string): Promise<void> {
    await this.carryOut({ account, path: `/v1/accounts/${account}/purchases`, body: { id, amount }, event: `CreditsPurchased ${id}` });
    this.add(account, amount);
  }

  private hold(account: string, id: string, terms: object): Promise<Reply> {
    return this.carryOut({ account, path: '/v1/holds', body: { id, accountId: account, ...terms }, event: `HoldPlaced ${id}`, orElse: 'hold_closed', tellsNow: true });
  }

  private close(account: string, id: string, how: 'settle' | 'release', body: object): Promise<Reply> {
    const event = how === 'settle' ? 'UsageSettled' : 'HoldReleased';
    const tellsNow = how === 'release' || 'final' in body;
    return this.carryOut({ account, path: `/v1/accounts/${account}/holds/${id}/${how}`, body, event: `${event} ${id}`, tellsNow });
  }

  private expect(account: string, event: string): void {
    this.of(account).events.push(event);
  }

  private add(account: string, amount: string): void {
    this.of(account).remaining = this.of(account).remaining.plus(amount);
  }

  private spend(account: string, amount: string): void {
    this.of(account).remaining = this.of(account).remaining.minus(amount);
  }

  private of(account: string): Expected {
    const found = this.expected.get(account);
    if (!found) throw new Error(`there is no ${account}`);
    return found;
  }

  private async carryOut(command: Command): Promise<Reply> {
    const atOnce = this.dice.below(10) === 0 ? this.apis : [this.dice.of(this.apis)];
    const [first, second] = await Promise.all(atOnce.map((api) => this.insist(api, command)));
    if (!first) throw new Error('nobody was asked');
    this.expect(command.account, command.event);
    this.acknowledged += 1;
    if (second) this.expectSame(command, first, second);
    if (this.dice.below(10) === 0) this.expectSame(command, first, await this.insist(this.dice.of(this.apis), command));
    await pause(THINK_MS);
    return first;
  }

  /** The answer of a command that was sent again is that of the first time. */
  private expectSame({ path, body: asked, orElse, tellsNow }: Command, first: Reply, again: Reply): void {
    this.repeated += 1;
    if (isMeanwhile(first, orElse) || isMeanwhile(again, orElse)) return;
    const [expected, found] = [first, again].map(({ status, body }) => JSON.stringify(tellsNow ? { status, hold: [body.id, body.status, body.cost] } : { status, body }));
    if (expected !== found) throw new Error(`${path} ${JSON.stringify(asked)} was answered with ${expected}, and then with ${found}`);
  }

  private async insist(api: string, { path, body, orElse }: Command): Promise<Reply> {
    const until = Date.now() + GIVE_UP_MS;
    for (let asked = api; ; asked = this.dice.of(this.apis)) {
      const reply = await tryOnce(asked, 'POST', path, body, PATIENCE_MS);
      if (reply && (reply.status < 300 || isMeanwhile(reply, orElse))) return reply;
      if (reply && reply.status !== 503) throw new Error(`${path} ${JSON.stringify(body)}: ${JSON.stringify(reply)}`);
      this.unanswered += 1;
      if (this.abandoned || Date.now() > until) throw new Error(`${path}: no answer within ${GIVE_UP_MS / 1_000} s, last ${JSON.stringify(reply)}`);
      await pause(TRY_AGAIN_MS);
    }
  }
}

const isMeanwhile = ({ status, body }: Reply, code: string | undefined): boolean => status === 409 && code !== undefined && body.code === code;

const costOf = ({ body }: Reply): string => textOf(body.cost);

const textOf = (amount: unknown): string => {
  if (typeof amount !== 'string') throw new Error(`${JSON.stringify(amount)} is no amount`);
  return amount;
};
