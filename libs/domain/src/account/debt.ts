import { least, type Amount } from '#libs/money';
import { takeFree } from './grants.js';
import type { Account, DebtLine, Grant, Stretch } from './state.js';

/** A stretch of the debt line, paid from a grant. */
export interface DebtPayment extends Stretch {
  readonly grant: string;
}

const endOf = ({ from, amount }: Stretch): Amount => from + amount;

/** Pieces of `stretch` that are still owed: neither paid nor cancelled. */
export const owedOf = (line: DebtLine, stretch: Stretch): Stretch[] => {
  const pieces: Stretch[] = [];
  const end = endOf(stretch);
  let from = stretch.from > line.paidTo ? stretch.from : line.paidTo;
  for (const gap of line.cancelled) {
    if (gap.from >= end) break;
    if (endOf(gap) <= from) continue;
    if (gap.from > from) pieces.push({ from, amount: gap.from - from });
    from = endOf(gap);
  }
  if (from < end) pieces.push({ from, amount: end - from });
  return pieces;
};

/** Lengthens the line by what found no credit. */
export const incur = (line: DebtLine, amount: Amount): DebtLine =>
  ({ ...line, end: line.end + amount, owed: line.owed + amount });

/** Which debt `grants` pay with what is free in them: oldest debt first, grants in burn order. */
export const payments = (line: DebtLine, grants: readonly Grant[]): DebtPayment[] => {
  if (line.owed === 0n) return [];
  const paid: DebtPayment[] = [];
  const owed = owedOf(line, { from: line.paidTo, amount: line.end - line.paidTo });
  let at = 0;
  let used = 0n;
  for (const { grant, amount } of takeFree(grants, line.owed)) {
    let left = amount;
    while (left > 0n) {
      const piece = owed[at] as Stretch;
      const pay = least(left, piece.amount - used);
      paid.push({ grant, from: piece.from + used, amount: pay });
      left -= pay;
      used += pay;
      if (used === piece.amount) { at += 1; used = 0n; }
    }
  }
  return paid;
};

/** The line after `paid`; payments come oldest first and leave nothing unpaid behind them. */
export const pay = (line: DebtLine, paid: readonly DebtPayment[]): DebtLine => {
  const last = paid.at(-1);
  if (!last) return line;
  return tidy({ ...line, paidTo: endOf(last), owed: paid.reduce((owed, { amount }) => owed - amount, line.owed) });
};

/** The line without `pieces`, which must be owed. */
export const cancel = (line: DebtLine, pieces: readonly Stretch[]): DebtLine => {
  if (pieces.length === 0) return line;
  const sorted = [...line.cancelled, ...pieces].sort((a, b) => (a.from < b.from ? -1 : 1));
  const cancelled: Stretch[] = [];
  for (const piece of sorted) {
    const last = cancelled.at(-1);
    if (last && endOf(last) === piece.from) cancelled[cancelled.length - 1] = { from: last.from, amount: last.amount + piece.amount };
    else cancelled.push(piece);
  }
  return tidy({ ...line, cancelled, owed: pieces.reduce((owed, { amount }) => owed - amount, line.owed) });
};

/** Moves `paidTo` over cancelled pieces that touch it, so that a line with nothing owed carries nothing. */
const tidy = (line: DebtLine): DebtLine => {
  let { paidTo } = line;
  let passed = 0;
  for (const piece of line.cancelled) {
    if (piece.from > paidTo) break;
    if (endOf(piece) > paidTo) paidTo = endOf(piece);
    passed += 1;
  }
  return passed === 0 ? line : { ...line, paidTo, cancelled: line.cancelled.slice(passed) };
};

/** What of `stretches` was paid, by which grant, according to later payments. */
export const paidParts = (stretches: readonly Stretch[], paid: readonly DebtPayment[]): { grant: string; amount: Amount }[] =>
  paid.flatMap((payment) => stretches.flatMap((stretch) => {
    const from = stretch.from > payment.from ? stretch.from : payment.from;
    const to = least(endOf(stretch), endOf(payment));
    return to > from ? [{ grant: payment.grant, amount: to - from }] : [];
  }));

/** What free credit pays at once: debt and free credit never stand side by side. */
export const paymentsOf = ({ debt, grants }: Pick<Account, 'debt' | 'grants'>): DebtPayment[] => payments(debt, grants);
