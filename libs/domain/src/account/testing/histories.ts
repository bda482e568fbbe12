import * as fc from 'fast-check';
import { addMs, type Instant } from '#libs/kernel';
import type { AccountCommand } from '../commands.js';
import { START } from './catalogs.js';
import * as send from './commands.js';

/** A command, and what the clock on the wall says as it is decided. */
export interface Step {
  readonly now: Instant;
  readonly command: AccountCommand;
}

export interface HistoryShape {
  readonly maxLength?: number;
  /** Only what never takes available credit below zero: capped holds, charges, no reported usage. */
  readonly nobodyOverspends?: boolean;
  /** Whole credits instead of dollars and cents. */
  readonly whole?: boolean;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 86_400 * SECOND;

/** Round times, so that an end falls on the very instant of a command. */
const moveMs = fc.oneof(
  { weight: 24, arbitrary: fc.constantFrom(0, 0, SECOND) },
  { weight: 6, arbitrary: fc.constantFrom(30 * SECOND, MINUTE) },
  { weight: 2, arbitrary: fc.constantFrom(5 * MINUTE, 15 * MINUTE) },
  { weight: 1, arbitrary: fc.constantFrom(DAY, 31 * DAY) },
  // Another process's clock is behind.
  { weight: 2, arbitrary: fc.constantFrom(-SECOND, -MINUTE, -15 * MINUTE) },
);

type Kind = 'hold' | 'charge' | 'usage' | 'purchase' | 'grant' | 'refund';

/** The ids commands have named so far, so that the next ones meet them. */
class Ids {
  private readonly used: Record<Kind, string[]> = { hold: [], charge: [], usage: [], purchase: [], grant: [], refund: [] };

  /** A new id, now and then one that was used before. */
  next(kind: Kind, draw: number): string {
    const ids = this.used[kind];
    if (draw % 10 === 0 && ids.length > 0) return this.some(kind, draw / 10);
    ids.push(`${kind}-${ids.length + 1}`);
    return ids.at(-1) as string;
  }

  /** One of the last few; of a kind never used, one that does not exist. */
  some(kind: Kind, draw: number): string {
    const recent = this.used[kind].slice(-4);
    return recent[Math.trunc(draw) % recent.length] ?? `${kind}-0`;
  }
}

interface Moment { readonly now: Instant; readonly ids: Ids }
type Maker = (moment: Moment) => AccountCommand;

const amounts = (whole: boolean, most: number): fc.Arbitrary<string> => whole
  ? fc.integer({ min: 0, max: most }).map(String)
  : fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: most }).map(String) },
    { weight: 2, arbitrary: fc.tuple(fc.nat(most), fc.nat(99)).map(([units, cents]) => `${units}.${String(cents).padStart(2, '0')}`) },
    { weight: 1, arbitrary: fc.constantFrom('0.000000000001', '3.333333333333') },
  );

/** Every command an account takes, valid more often than not. */
const makers = ({ nobodyOverspends = false, whole = false }: HistoryShape): fc.Arbitrary<Maker> => {
  const draw = fc.nat(1_000_000);
  const amount = amounts(whole, 10);
  const credit = fc.oneof(amount, amounts(whole, 60));
  const someAmount = fc.option(amount, { nil: undefined });
  const ttlSeconds = fc.constantFrom(undefined, undefined, undefined, 30, 60, 900, 3_600);
  const lifeMs = fc.constantFrom(undefined, undefined, MINUTE, 15 * MINUTE, DAY, 31 * DAY);
  const priority = fc.constantFrom(undefined, undefined, 0, 10, 100);
  const onExcess = nobodyOverspends ? fc.constant('cap' as const) : fc.constantFrom(undefined, 'charge' as const, 'cap' as const);
  const lot = (now: Instant, ms: number | undefined, order: number | undefined) =>
    ({ priority: order, expiresAt: ms === undefined ? undefined : addMs(now, ms) });
  // Whole credits are paid for with cents that the credits do not divide.
  const paid = whole ? { paid: { amount: '9.99', currency: 'USD' } } : {};

  const makes = <Drawn>(weight: number, drawn: fc.Arbitrary<Drawn>, make: (drawn: Drawn, moment: Moment) => AccountCommand) =>
    ({ weight, arbitrary: drawn.map((values): Maker => (moment) => make(values, moment)) });
  return fc.oneof(
    makes(5, fc.tuple(draw, credit, lifeMs, priority), ([id, size, ms, order], { now, ids }) =>
      send.buy(ids.next('purchase', id), size, { ...lot(now, ms, order), ...paid })),
    makes(4, fc.tuple(draw, amount, lifeMs, priority), ([id, size, ms, order], { now, ids }) => send.grant(ids.next('grant', id), size, lot(now, ms, order))),
    makes(10, fc.record({ id: draw, amount, ttlSeconds, onExcess }), ({ id, amount: size, ...rest }, { ids }) => send.hold(ids.next('hold', id), size, rest)),
    makes(9, fc.tuple(draw, amount, fc.boolean()), ([id, size, final], { ids }) => send.settle(ids.some('hold', id), size, { final })),
    makes(4, fc.tuple(draw, fc.option(credit, { nil: undefined }), ttlSeconds), ([id, size, ttl], { ids }) => send.increase(ids.some('hold', id), size, ttl)),
    makes(2, draw, (id, { ids }) => send.release(ids.some('hold', id))),
    makes(1, draw, (id, { ids }) => send.show(ids.some('hold', id))),
    // Charges share one name space with holds.
    makes(3, fc.tuple(draw, amount), ([id, size], { ids }) => send.charge(id % 8 === 1 ? ids.some('hold', id) : ids.next('charge', id), size)),
    ...(nobodyOverspends ? [] : [
      makes(3, fc.tuple(draw, amount, fc.constantFrom(0, 0, -DAY, 5 * MINUTE, 5 * MINUTE + 1)), ([id, size, ms], { now, ids }) =>
        send.report(ids.next('usage', id), size, addMs(now, ms))),
    ]),
    makes(6, fc.tuple(draw, draw, fc.constantFrom('hold', 'hold', 'charge'), someAmount), ([id, of, kind, size], { ids }) =>
      send.refundCharge(ids.next('refund', id), ids.some(kind as Kind, of), size)),
    makes(2, fc.tuple(draw, draw, someAmount), ([id, of, size], { ids }) => send.refundCharge(ids.next('refund', id), ids.some('usage', of), size, 'gateway')),
    makes(2, fc.tuple(draw, draw, someAmount), ([id, of, size], { ids }) => send.refundPurchase(ids.next('refund', id), ids.some('purchase', of), size)),
    makes(1, fc.constant(undefined), () => send.wake),
  );
};

/** A random history of one account: commands good and bad, repeats, a clock that jumps forwards and backwards. */
export const histories = (shape: HistoryShape = {}): fc.Arbitrary<Step[]> => {
  const fresh = fc.record({ moveMs, make: makers(shape) });
  const again = fc.record({ moveMs, again: fc.nat(12) });
  const draws = fc.array(fc.oneof({ weight: 8, arbitrary: fresh }, { weight: 1, arbitrary: again }), { maxLength: shape.maxLength ?? 80, size: 'max' });
  return draws.map((drawn) => {
    const ids = new Ids();
    const steps: Step[] = [{ now: START, command: send.openAccount }];
    for (const draw of drawn) {
      const last = steps.at(-1) as Step;
      const now = addMs(last.now, draw.moveMs);
      steps.push({ now, command: 'again' in draw ? (steps.at(-1 - draw.again) ?? last).command : draw.make({ now, ids }) });
    }
    return steps;
  });
};
