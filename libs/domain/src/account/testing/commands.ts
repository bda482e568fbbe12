import type {
  BuyCredit, ChargeUsage, GrantCredit, IncreaseHold, OpenAccount, PlaceHold, Refund, ReleaseHold, ReportUsage, SettleHold, ShowHold, WakeAccount,
} from '../commands.js';

/* Commands in few words: the id, the amount, and what is special. */

type Rest<Command, Known extends keyof Command> = Partial<Omit<Command, Known | 'type'>>;

export const openAccount: OpenAccount = { type: 'OpenAccount', mode: 'prepaid', timeZone: 'UTC' };
export const wake: WakeAccount = { type: 'WakeAccount' };

export const buy = (id: string, amount: string, rest: Rest<BuyCredit, 'id' | 'amount'> = {}): BuyCredit =>
  ({ type: 'BuyCredit', id, idempotencyKey: id, amount, ...rest });
export const buyPack = (id: string, pack: string, rest: Rest<BuyCredit, 'id' | 'pack'> = {}): BuyCredit =>
  ({ type: 'BuyCredit', id, idempotencyKey: id, pack, ...rest });
export const grant = (id: string, amount: string, rest: Rest<GrantCredit, 'id' | 'amount'> = {}): GrantCredit =>
  ({ type: 'GrantCredit', id, idempotencyKey: id, kind: 'promotion', amount, ...rest });

export const hold = (holdId: string, amount: string, rest: Rest<PlaceHold, 'holdId' | 'amount'> = {}): PlaceHold =>
  ({ type: 'PlaceHold', holdId, amount, ...rest });
export const holdFor = (holdId: string, request: NonNullable<PlaceHold['request']>, rest: Rest<PlaceHold, 'holdId' | 'request'> = {}): PlaceHold =>
  ({ type: 'PlaceHold', holdId, request, ...rest });
export const settle = (holdId: string, amount: string, rest: Rest<SettleHold, 'holdId' | 'amount'> = {}): SettleHold =>
  ({ type: 'SettleHold', holdId, amount, final: true, ...rest });
export const settleUsage = (holdId: string, usage: Record<string, string>, rest: Rest<SettleHold, 'holdId' | 'usage'> = {}): SettleHold =>
  ({ type: 'SettleHold', holdId, usage, final: true, ...rest });
/** A partial capture: the total so far, the rest stays held. */
export const capture = (holdId: string, amount: string): SettleHold => settle(holdId, amount, { final: false });
export const increase = (holdId: string, amount: string | undefined, ttlSeconds?: number): IncreaseHold =>
  ({ type: 'IncreaseHold', holdId, amount, ttlSeconds });
export const release = (holdId: string, rest: Rest<ReleaseHold, 'holdId'> = {}): ReleaseHold => ({ type: 'ReleaseHold', holdId, ...rest });
export const show = (holdId: string): ShowHold => ({ type: 'ShowHold', holdId });

export const charge = (chargeId: string, amount: string): ChargeUsage => ({ type: 'ChargeUsage', chargeId, amount });
export const chargeFor = (chargeId: string, request: NonNullable<ChargeUsage['request']>): ChargeUsage => ({ type: 'ChargeUsage', chargeId, request });
export const report = (usageId: string, amount: string, occurredAt: string, source = 'gateway'): ReportUsage =>
  ({ type: 'ReportUsage', source, usageId, amount, occurredAt });
export const reportFor = (usageId: string, request: NonNullable<ReportUsage['request']>, occurredAt: string): ReportUsage =>
  ({ type: 'ReportUsage', source: 'gateway', usageId, request, occurredAt });

export const refundCharge = (id: string, charge: string, amount?: string, source?: string): Refund =>
  ({ type: 'Refund', id, idempotencyKey: id, of: source === undefined ? { charge } : { charge, source }, amount });
export const refundPurchase = (id: string, purchase: string, amount?: string): Refund =>
  ({ type: 'Refund', id, idempotencyKey: id, of: { purchase }, amount });
