import { formatAmount, readAmount, type Amount } from '#libs/money';
import { count } from '../terminal/numbers.js';
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
    return `${count(this.rows)} rows, ${this.rejected === 0 ? '' : `${count(this.rejected)} rejected, `}${this.amount(this.charged)}`;
  }

  /** For the end. */
  lines(): string[] {
    return [
      `  charged now       ${count(this.billed)} rows, ${this.amount(this.charged)}`,
      `  imported before   ${count(this.repeated)} rows, ${this.amount(this.chargedBefore)}`,
      `  rejected          ${count(this.rejected)} rows`,
    ];
  }

  private amount(amount: Amount): string {
    return this.unit === '' ? formatAmount(amount) : `${formatAmount(amount)} ${this.unit}`;
  }
}
