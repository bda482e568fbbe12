/** What was used, normalised: quantities as plain decimals without trailing zeros, parameters as text. */
export interface UsageRequest {
  readonly model: string;
  readonly usage: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

export interface BreakdownLine {
  readonly component: string;
  readonly quantity: string;
  /** Price of one unit of the quantity. */
  readonly unitPrice: string;
  readonly amount: string;
}
