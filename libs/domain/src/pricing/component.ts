import type { z } from 'zod';
import { formatDecimal, plus, times, ZERO, type Decimal } from '#libs/money';
import type { Quantity } from './quantity.js';
import type { UsageRequest } from './usage.js';

/** How one component of a price came about: quantity × unitPrice = amount, exactly. All are plain decimals. */
export interface BreakdownLine {
  readonly component: string;
  /** What was billed: after increments and minimum. */
  readonly quantity: string;
  /** Price of one unit of the quantity. */
  readonly unitPrice: string;
  readonly amount: string;
}

/** Collects the lines of one price; their sum is the exact cost. */
export class Bill {
  readonly lines: BreakdownLine[] = [];
  exact: Decimal = ZERO;

  add(component: string, { value, text }: Quantity, unitPrice: Quantity): void {
    const amount = times(value, unitPrice.value);
    this.lines.push({ component, quantity: text, unitPrice: unitPrice.text, amount: formatDecimal(amount) });
    this.exact = plus(this.exact, amount);
  }
}

/** One component of a model's price, made ready to price with. */
export interface Component {
  readonly name: string;
  /** The meters it bills. */
  readonly meters: readonly string[];
  /** The parameters it looks at, with the values that have a price. */
  readonly parameters?: ReadonlyMap<string, readonly string[]>;
  /** What one unit costs, where that is one price: what a ratio can refer to. */
  readonly unitPrice?: Quantity;
  /**
   * Adds its lines: none when usage says nothing of its meters, several for a price that changes with the quantity.
   * @throws unpriced/unpriced_parameters when there is no price for what the request asks
   */
  readonly price: (request: UsageRequest, bill: Bill) => void;
}

/** What a component may ask of the model it is part of. */
export interface ModelContext {
  readonly model: string;
  /** The meters that count as this one: `cached_input_tokens` is `input_tokens` in a model without a price for it. */
  readonly billedAs: (meter: string) => readonly string[];
  /** The unit price of another component of the model. */
  readonly unitPriceOf: (component: string) => Quantity | undefined;
}

/** A way to price: how a rate card writes it, and how it is made ready. A new kind is one file and a line in the table of kinds. */
export interface ComponentKind<Kind extends string, Schema extends z.ZodType<{ readonly kind: Kind }>> {
  readonly kind: Kind;
  readonly schema: Schema;
  /** @throws RangeError when what the schema cannot see does not fit together */
  readonly compile: (source: z.output<Schema>, model: ModelContext) => Component;
}

export const defineKind = <Kind extends string, Schema extends z.ZodType<{ readonly kind: Kind }>>(
  kind: ComponentKind<Kind, Schema>,
): ComponentKind<Kind, Schema> => kind;
