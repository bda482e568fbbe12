import { Decimal } from 'decimal.js';
import { assertNever } from '#libs/kernel';
import type { AccountCommand } from '../commands.js';

/*
 * The rules of credit a second time, the obvious way: lists that are sorted and searched anew each time, numbers of
 * decimal.js, debt as a list of unpaid charges, everything kept for ever. Plain amounts only. Slow and small, so that it
 * can be checked by reading; what the real decider does on random histories must be what this does.
 */

const D = Decimal.clone({ precision: 60 });
const ms = (instant: string): number => Date.parse(instant);
const later = (instant: string, plusMs: number): string => new Date(ms(instant) + plusMs).toISOString();
const least = (a: Decimal, b: Decimal): Decimal => Decimal.min(a, b);

interface Lot { key: string; id: string; priority: number; expiresAt: string | null; createdAt: string; size: Decimal; free: Decimal; refunded: Decimal }
interface Take { lot: Lot; amount: Decimal }
interface Charge { cost: Decimal; refunded: Decimal; takes: Take[] }
interface Hold {
  content: string; size: Decimal; cap: boolean; expiresAt: string; takes: Take[]; charge: Charge;
  end?: 'settled' | 'released' | 'expired'; settled?: { total: string; late: boolean }; increase?: { content: string; at: string };
}

export class NaiveAccount {
  now = '';
  private readonly lots: Lot[] = [];
  private readonly holds = new Map<string, Hold>();
  private readonly charges = new Map<string, Charge>();
  private readonly unpaid: { charge: Charge; amount: Decimal }[] = [];
  private readonly contents = new Map<string, string>();

  constructor(private readonly whole: boolean, private readonly policies = { ttlMs: 900_000, lateMs: 86_400_000, refundMs: 30 * 86_400_000 }) {}

  /** Carries a command out and answers `done`, `repeat`, or the code it is refused with. */
  send(command: AccountCommand, wall: string): string {
    const at = wall > this.now ? wall : this.now;
    const recorded = this.applyDue(at);
    const outcome = this.decide(command, at);
    this.payDebt();
    this.now = outcome === 'done' ? at : recorded;
    return outcome;
  }

  /** Every amount there is, by where it lies. */
  amounts(): object {
    const held = [...this.holds].filter(([, { end }]) => !end).map(([id, { takes }]) => [id, byLot(takes)]);
    const free = this.lots.filter((lot) => !lot.free.isZero()).map(({ key, free: amount }) => [key, amount.toFixed()]);
    return { free: Object.fromEntries(free), held: Object.fromEntries(held), debt: sum(this.unpaid).toFixed() };
  }

  private inBurnOrder(): Lot[] {
    const order = (lot: Lot): string[] => [String(lot.priority).padStart(3, '0'), lot.expiresAt ?? 'never', lot.createdAt, lot.id, lot.key];
    return this.lots.sort((a, b) => inOrder(order(a), order(b)));
  }

  /** From what is free, in burn order, up to an amount. */
  private take(amount: Decimal): Take[] {
    const takes: Take[] = [];
    for (const lot of this.inBurnOrder()) {
      const some = least(lot.free, amount.minus(sum(takes)));
      if (some.isZero()) continue;
      lot.free = lot.free.minus(some);
      takes.push({ lot, amount: some });
    }
    return takes;
  }

  private giveBack(takes: readonly Take[], at: string): void {
    for (const { lot, amount } of takes) if (!isOver(lot, at)) lot.free = lot.free.plus(amount);
  }

  private payDebt(): void {
    for (const debt of this.unpaid.slice()) {
      const takes = this.take(debt.amount);
      debt.charge.takes.push(...takes);
      debt.amount = debt.amount.minus(sum(takes));
      if (debt.amount.isZero()) this.unpaid.splice(this.unpaid.indexOf(debt), 1);
    }
  }

  private chargeBeyond(charge: Charge, amount: Decimal): void {
    const takes = this.take(amount);
    charge.takes.push(...takes);
    const missing = amount.minus(sum(takes));
    if (!missing.isZero()) this.unpaid.push({ charge, amount: missing });
    charge.cost = charge.cost.plus(amount);
  }

  private applyDue(at: string): string {
    for (;;) {
      const lots = this.lots.filter((lot) => !lot.free.isZero() && lot.expiresAt)
        .map((lot) => ({ at: lot.expiresAt as string, name: `grant ${lot.key}`, end: () => { lot.free = new D(0); } }));
      const holds = [...this.holds].filter(([, { end }]) => !end)
        .map(([id, hold]) => ({ at: hold.expiresAt, name: `hold ${id}`, end: () => this.close(hold, 'expired', hold.expiresAt) }));
      const [next] = [...lots, ...holds].sort((a, b) => inOrder([a.at, a.name], [b.at, b.name]));
      if (!next || next.at > at) return this.now;
      next.end();
      this.payDebt();
      this.now = next.at;
    }
  }

  private close(hold: Hold, end: NonNullable<Hold['end']>, at: string): void {
    hold.end = end;
    this.giveBack(hold.takes, at);
    hold.takes = [];
  }

  private get available(): Decimal { return sum(this.lots.map(({ free }) => ({ amount: free }))).minus(sum(this.unpaid)); }

  private refusal(wanted: Decimal): string | undefined {
    return this.unpaid.length > 0 ? 'overdrawn' : wanted.gt(this.available) ? 'insufficient_credits' : undefined;
  }

  /** Whether an id was used before: with the same content, with other content, or not. */
  private earlier(key: string, content: object): string | undefined {
    const used = this.contents.get(key);
    return used === undefined ? undefined : used === JSON.stringify(content) ? 'repeat' : 'idempotency_conflict';
  }

  private accept(key: string, content: object): 'done' {
    this.contents.set(key, JSON.stringify(content));
    return 'done';
  }

  private read(text: string | undefined): Decimal | undefined {
    const amount = text === undefined ? undefined : new D(text);
    return amount && this.whole && !amount.isInteger() ? undefined : amount;
  }

  private decide(command: AccountCommand, at: string): string {
    switch (command.type) {
      case 'OpenAccount': return this.earlier('account', {}) ?? this.accept('account', {});
      case 'WakeAccount': return 'repeat';
      case 'BuyCredit': return this.credit(`purchase/${command.id}`, command, at);
      case 'GrantCredit': return this.credit(`grant/${command.id}`, command, at);
      case 'PlaceHold': return this.place(command, at);
      case 'SettleHold': return this.settle(command, at);
      case 'IncreaseHold': return this.increase(command, at);
      case 'ReleaseHold': case 'ShowHold': {
        const hold = this.holds.get(command.holdId);
        if (!hold || hold.end || command.type === 'ShowHold') return this.contents.has(`charge/${command.holdId}`) ? 'repeat' : 'not_found';
        this.close(hold, 'released', at);
        return 'done';
      }
      case 'ChargeUsage': return this.charge(`charge/${command.chargeId}`, command.amount as string, {}, false);
      case 'ReportUsage': {
        const tooFar = ms(command.occurredAt) - ms(at) > 300_000;
        const key = `usage/${command.usageId}`;
        return tooFar && !this.contents.has(key) ? 'invalid_request' : this.charge(key, command.amount as string, { at: command.occurredAt }, true);
      }
      case 'Refund': return this.refund(command, at);
      default: return assertNever(command);
    }
  }

  private credit(key: string, command: Extract<AccountCommand, { type: 'BuyCredit' | 'GrantCredit' }>, at: string): string {
    const { id, amount, priority = 50, expiresAt } = command;
    const size = this.read(amount);
    if (!size || size.isZero()) return 'invalid_request';
    const content = { size, priority, expiresAt };
    const earlier = this.earlier(key, content);
    if (earlier) return earlier;
    if (expiresAt !== undefined && expiresAt <= at) return 'invalid_request';
    this.lots.push({ key, id, priority, expiresAt: expiresAt ?? null, createdAt: at, size, free: size, refunded: new D(0) });
    return this.accept(key, content);
  }

  private place({ holdId, amount, ttlSeconds, onExcess = 'charge' }: Extract<AccountCommand, { type: 'PlaceHold' }>, at: string): string {
    const size = this.read(amount) as Decimal;
    const content = { size, ttlSeconds, onExcess };
    const earlier = this.earlier(`charge/${holdId}`, content);
    if (earlier) return earlier === 'repeat' && this.holds.get(holdId)?.end ? 'hold_closed' : earlier;
    const refusal = this.refusal(size);
    if (refusal) return refusal;
    const charge: Charge = { cost: new D(0), refunded: new D(0), takes: [] };
    this.charges.set(`charge/${holdId}`, charge);
    const expiresAt = later(at, ttlSeconds === undefined ? this.policies.ttlMs : ttlSeconds * 1_000);
    this.holds.set(holdId, { content: JSON.stringify(content), size, cap: onExcess === 'cap', expiresAt, takes: this.take(size), charge });
    return this.accept(`charge/${holdId}`, content);
  }

  private settle({ holdId, amount, final }: Extract<AccountCommand, { type: 'SettleHold' }>, at: string): string {
    const hold = this.holds.get(holdId);
    if (!hold) return this.contents.has(`charge/${holdId}`) ? 'hold_closed' : 'not_found';
    const total = this.read(amount) as Decimal;
    if (hold.settled && hold.settled.total === total.toFixed() && (final || hold.settled.late)) return 'repeat';
    const late = hold.end === 'expired';
    if (hold.end && !(late && ms(at) < ms(hold.expiresAt) + this.policies.lateMs)) return 'hold_closed';
    const due = total.minus(hold.charge.cost);
    if (due.isNegative() && !due.isZero()) return 'state_conflict';
    const room = late ? Decimal.max(0, least(hold.size.minus(hold.charge.cost), this.available)) : sum(hold.takes);
    const charged = hold.cap ? least(due, room) : due;
    if (!final && !late && charged.isZero()) return 'repeat';
    const kept: Take[] = [];
    let missing = charged;
    for (const { lot, amount: held } of this.inBurnOrder().flatMap((one) => hold.takes.filter((take) => take.lot === one))) {
      const used = least(held, missing);
      missing = missing.minus(used);
      if (!used.isZero()) hold.charge.takes.push({ lot, amount: used });
      if (!held.eq(used)) kept.push({ lot, amount: held.minus(used) });
    }
    hold.takes = kept;
    hold.charge.cost = hold.charge.cost.plus(charged.minus(missing));
    this.chargeBeyond(hold.charge, missing);
    if (final || late) this.close(hold, 'settled', at);
    if (final || late) hold.settled = { total: total.toFixed(), late };
    return 'done';
  }

  private increase({ holdId, amount, ttlSeconds }: Extract<AccountCommand, { type: 'IncreaseHold' }>, at: string): string {
    const hold = this.holds.get(holdId);
    if (!hold || hold.end) return this.contents.has(`charge/${holdId}`) ? 'hold_closed' : 'not_found';
    if (amount === undefined && ttlSeconds === undefined) return 'invalid_request';
    const size = this.read(amount) ?? hold.size;
    const content = JSON.stringify({ amount: this.read(amount), ttlSeconds });
    if (hold.increase?.content === content && (ttlSeconds === undefined || ms(at) - ms(hold.increase.at) < ttlSeconds * 100)) return 'repeat';
    const expiresAt = ttlSeconds === undefined ? hold.expiresAt : later(at, ttlSeconds * 1_000);
    if (size.lt(hold.size) || expiresAt < hold.expiresAt) return 'state_conflict';
    if (size.eq(hold.size) && expiresAt === hold.expiresAt) return 'repeat';
    const added = Decimal.max(0, size.minus(hold.charge.cost).minus(sum(hold.takes)));
    const refusal = this.refusal(added);
    if (refusal) return refusal;
    hold.takes.push(...this.take(added));
    Object.assign(hold, { size, expiresAt, increase: { content, at } });
    return 'done';
  }

  private charge(key: string, amount: string, more: object, mayOverdraw: boolean): string {
    const cost = this.read(amount) as Decimal;
    const content = { cost, ...more };
    const earlier = this.earlier(key, content);
    if (earlier) return this.holds.has(key.slice('charge/'.length)) ? 'idempotency_conflict' : earlier;
    const refusal = mayOverdraw ? undefined : this.refusal(cost);
    if (refusal) return refusal;
    const charge: Charge = { cost: new D(0), refunded: new D(0), takes: [] };
    this.charges.set(key, charge);
    this.chargeBeyond(charge, cost);
    return this.accept(key, content);
  }

  private refund({ id, of, amount }: Extract<AccountCommand, { type: 'Refund' }>, at: string): string {
    const asked = this.read(amount);
    if (asked?.isZero()) return 'invalid_request';
    const content = { of, asked };
    const earlier = this.earlier(`refund/${id}`, content);
    if (earlier) return earlier;
    if ('purchase' in of) {
      const lot = this.lots.find(({ key }) => key === `purchase/${of.purchase}`);
      if (!lot) return 'not_found';
      if (lot.free.isZero() || asked?.gt(lot.free)) return 'state_conflict';
      lot.free = lot.free.minus(asked ?? lot.free);
      return this.accept(`refund/${id}`, content);
    }
    const charge = this.charges.get(of.source === undefined ? `charge/${of.charge}` : `usage/${of.charge}`);
    if (!charge) return 'not_found';
    const left = charge.cost.minus(charge.refunded);
    if (left.isZero() || asked?.gt(left)) return 'state_conflict';
    let missing = asked ?? left;
    charge.refunded = charge.refunded.plus(missing);
    for (const debt of this.unpaid.toReversed()) {
      if (debt.charge !== charge) continue;
      const off = least(debt.amount, missing);
      missing = missing.minus(off);
      debt.amount = debt.amount.minus(off);
      if (debt.amount.isZero()) this.unpaid.splice(this.unpaid.indexOf(debt), 1);
    }
    let anew = new D(0);
    for (const take of this.inBurnOrder().toReversed().flatMap((lot) => charge.takes.filter((one) => one.lot === lot))) {
      const back = least(take.amount, missing);
      missing = missing.minus(back);
      take.amount = take.amount.minus(back);
      if (isOver(take.lot, at)) anew = anew.plus(back);
      else take.lot.free = take.lot.free.plus(back);
    }
    if (!anew.isZero()) {
      this.lots.push({ key: `refund/${id}`, id, priority: 50, expiresAt: later(at, this.policies.refundMs), createdAt: at, size: anew, free: anew, refunded: new D(0) });
    }
    return this.accept(`refund/${id}`, content);
  }
}

const sum = (parts: readonly { readonly amount: Decimal }[]): Decimal => parts.reduce((total, { amount }) => total.plus(amount), new D(0));
/** By the first text in which two differ. */
const inOrder = (a: readonly string[], b: readonly string[]): number => {
  const at = a.findIndex((text, n) => text !== b[n]);
  return at < 0 ? 0 : (a[at] as string) < (b[at] as string) ? -1 : 1;
};
const isOver = ({ expiresAt }: Lot, at: string): boolean => expiresAt !== null && expiresAt <= at;
const byLot = (takes: readonly Take[]): Record<string, string> => {
  const lots: Record<string, string> = {};
  for (const { lot, amount } of takes) lots[lot.key] = new D(lots[lot.key] ?? 0).plus(amount).toFixed();
  return lots;
};
