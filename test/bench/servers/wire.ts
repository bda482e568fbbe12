/** The requests of the measured conversation, as a server without the engine reads them. */
export interface HoldBody {
  readonly id: string;
  readonly accountId: string;
  readonly model: string;
  readonly usage: Readonly<Record<string, number>>;
}

export interface SettleBody {
  readonly usage: Readonly<Record<string, number>>;
}
