import type { Instant } from '#libs/kernel';
import type { UsageRequest } from '../pricing/usage.js';
import type { grantKinds } from './events.js';

/** Bounded facts of the work, kept for the usage log. */
export type WorkFacts = Readonly<Record<string, string | number | boolean>>;

/** What to charge: usage to be priced by the rate card, or a plain amount in the account's unit. */
export interface Priceable {
  readonly request?: UsageRequest | undefined;
  readonly amount?: string | undefined;
}

export interface OpenAccount { readonly type: 'OpenAccount'; readonly mode: 'prepaid'; readonly timeZone: string }

/** A pack of the catalog or a plain amount; `paid` may be stated where the unit is no currency. */
export interface BuyCredit {
  readonly type: 'BuyCredit'; readonly id: string; readonly idempotencyKey?: string | undefined;
  readonly amount?: string | undefined; readonly pack?: string | undefined; readonly validity?: string | undefined;
  readonly paid?: { readonly amount: string; readonly currency: string } | undefined;
  readonly priority?: number | undefined; readonly expiresAt?: Instant | undefined;
}

export interface GrantCredit {
  readonly type: 'GrantCredit'; readonly id: string; readonly idempotencyKey?: string | undefined;
  readonly kind: (typeof grantKinds)[number]; readonly amount: string;
  readonly priority?: number | undefined; readonly expiresAt?: Instant | undefined; readonly reason?: string | undefined;
}

export interface PlaceHold extends Priceable {
  readonly type: 'PlaceHold'; readonly holdId: string; readonly ttlSeconds?: number | undefined; readonly onExcess?: 'charge' | 'cap' | undefined;
}

/** The model and parameters default to those the hold was placed with. */
export interface SettleHold {
  readonly type: 'SettleHold'; readonly holdId: string; readonly final: boolean; readonly amount?: string | undefined;
  readonly usage?: UsageRequest['usage'] | undefined; readonly model?: string | undefined; readonly parameters?: UsageRequest['parameters'];
  readonly facts?: WorkFacts | undefined;
}

export interface IncreaseHold { readonly type: 'IncreaseHold'; readonly holdId: string; readonly amount?: string | undefined; readonly ttlSeconds?: number | undefined }

export interface ReleaseHold { readonly type: 'ReleaseHold'; readonly holdId: string; readonly reason?: string | undefined; readonly facts?: WorkFacts | undefined }

/** Asks for a hold as it stands, open or closed; appends nothing but what is due. */
export interface ShowHold { readonly type: 'ShowHold'; readonly holdId: string }

export interface ChargeUsage extends Priceable { readonly type: 'ChargeUsage'; readonly chargeId: string; readonly facts?: WorkFacts | undefined }

export interface ReportUsage extends Priceable {
  readonly type: 'ReportUsage'; readonly source: string; readonly usageId: string; readonly occurredAt: Instant; readonly facts?: WorkFacts | undefined;
}

export interface Refund {
  readonly type: 'Refund'; readonly id: string; readonly idempotencyKey?: string | undefined;
  readonly of: { readonly charge: string; readonly source?: string | undefined } | { readonly purchase: string };
  readonly amount?: string | undefined; readonly reason?: string | undefined;
}

/** Appends what is due by now, and nothing else. */
export interface WakeAccount { readonly type: 'WakeAccount' }

/** An order to an account. Amounts are text as the caller sent them: what they may be depends on the account's unit. */
export type AccountCommand =
  | OpenAccount | BuyCredit | GrantCredit | PlaceHold | SettleHold | IncreaseHold | ReleaseHold | ShowHold | ChargeUsage | ReportUsage
  | Refund | WakeAccount;
