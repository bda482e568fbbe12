import { formatAmount, readAmount, type Amount } from '#libs/money';
import { count, counted } from '../terminal/numbers.js';
import type { Outcome } from './send.js';

/** What has become of the rows so far; amounts are exact. */
export class Tally {
  billed = 0;
  repeated = 0;
  rejected = 0;
  private charged: Amount = 0n;
  private chargedBefore: Amount = 0n;
  private unit = '';

  get rows(): number { return this.billed + this.repeated + this.rejected; }

  add(outcome: Outcome): void {
    if (outcome.kind === 'rejected') {
      this.rejected += 1;
      return;
    }
    this.unit = outcome.unit;
    if (outcome.kind === 'billed') {
      this.billed += 1;
      this.charged += readAmount(outcome.cost);
    } else {
      this.repeated += 1;
      this.chargedBefore += readAmount(outcome.cost);
    }
  }

  /** For the progress bar. */
  note(): string {
    return [this.rowsFor(this.rows, this.charged), ...(this.rejected === 0 ? [] : [`${count(this.rejected)} rejected`])].join(', ');
  }

  /** For the end. */
  lines(): string[] {
    return [
      `  charged now       ${this.rowsFor(this.billed, this.charged)}`,
      `  imported before   ${this.rowsFor(this.repeated, this.chargedBefore)}`,
      `  rejected          ${counted(this.rejected, 'row')}`,
    ];
  }

  /** The unit is known once something was charged. */
  private rowsFor(rows: number, amount: Amount): string {
    return this.unit === '' ? counted(rows, 'row') : `${counted(rows, 'row')}, ${formatAmount(amount)} ${this.unit}`;
  }
}
