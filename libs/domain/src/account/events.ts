import { z } from 'zod';
import { defineEvent, type EventDefinition, type EventOf } from '#libs/kernel';

const amount = z.string().regex(/^-?[0-9]+(\.[0-9]+)?$/).describe('exact decimal in the account\'s unit');
const instant = z.string().describe('instant, UTC, milliseconds');
const id = z.string();

/** A grant's key: `purchase/<id>`, `grant/<id>` or `refund/<id>`; ids count within their operation, so the key names which. */
const grantKey = z.string().describe('key of a grant: purchase/<id>, grant/<id> or refund/<id>');
const part = z.object({ grant: grantKey, amount });
const parts = z.array(part);

/** What the account stands at after the event, so that an answer, a transaction list or an auditor needs no fold. */
const balance = z.object({ remaining: amount, held: amount, debt: amount });

/**
 * Debt is a line: charges that found no credit lengthen it, free credit pays it from its oldest end. A stretch of the
 * line is [from, from + amount). So who paid which charge is known for ever, however many charges one payment clears.
 */
const stretch = z.object({ from: amount, amount });
const debtPaid = z.array(z.object({ grant: grantKey, from: amount, amount })).optional()
  .describe('stretches of the debt line paid from grants by credit that became free');

const facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional()
  .describe('bounded facts of the work for the usage log: statusCode, latencyMs, group, provider, route');
const request = z.object({
  model: z.string(), usage: z.record(z.string(), z.string()).readonly(), parameters: z.record(z.string(), z.string()).readonly().optional(),
}).readonly().describe('what was used, normalised');
const pin = z.object({ catalog: z.string(), version: z.number().int(), at: instant })
  .describe('rate card version and the instant whose price applies');
const price = z.object({
  catalog: z.string(), version: z.number().int(), at: instant, exact: amount.describe('before the one rounding'),
  breakdown: z.array(z.object({ component: z.string(), quantity: z.string(), unitPrice: z.string(), amount: z.string() })).readonly(),
}).describe('how the total was priced; the breakdown adds up to exact');
const money = z.object({ amount, currency: z.string() });
const print = z.string().describe('fingerprint of the normalised request, to tell a repeat from another request under the same id');

export const AccountOpened = defineEvent('AccountOpened', {
  summary: 'An account exists from here on; its unit never changes.',
  data: z.object({
    catalog: z.string(), unit: z.string(), scale: z.number().int().describe('digits after the point amounts may have'),
    mode: z.enum(['prepaid', 'postpaid']), timeZone: z.string(), fingerprint: print,
  }),
});

export const CreditsPurchased = defineEvent('CreditsPurchased', {
  summary: 'Credit was bought; it forms a grant. What was paid counts towards tiers.',
  data: z.object({
    purchaseId: id, idempotencyKey: id.optional(), grant: grantKey, amount, paid: money, priority: z.number().int(), expiresAt: instant.nullable(),
    pack: z.string().optional(), validity: z.string().optional(), debtPaid, fingerprint: print, balance,
  }),
});

export const grantKinds = ['signup_bonus', 'referral', 'promotion'] as const;

export const CreditsGranted = defineEvent('CreditsGranted', {
  summary: 'Credit was given: a signup bonus, a referral reward, a promotion.',
  data: z.object({
    grantId: id, idempotencyKey: id.optional(), grant: grantKey, kind: z.enum(grantKinds), amount, priority: z.number().int(),
    expiresAt: instant.nullable(), reason: z.string().optional(), debtPaid, fingerprint: print, balance,
  }),
});

export const HoldPlaced = defineEvent('HoldPlaced', {
  summary: 'Credit was taken out of specific grants, in burn order, for work about to happen.',
  data: z.object({
    holdId: id, amount, parts, expiresAt: instant, onExcess: z.enum(['charge', 'cap']), request: request.optional(), pin,
    fingerprint: print, balance,
  }),
});

export const HoldIncreased = defineEvent('HoldIncreased', {
  summary: 'A hold was enlarged or prolonged.',
  data: z.object({ holdId: id, amount: amount.describe('the new total'), parts, expiresAt: instant, fingerprint: print, balance }),
});

export const UsageSettled = defineEvent('UsageSettled', {
  summary: 'Usage was charged: a hold settled (wholly, in part, or late), a direct charge, or reported usage.',
  data: z.object({
    chargeId: id.describe('the id of the hold, the charge or the usage event'),
    via: z.enum(['hold', 'charge', 'usage']), source: z.string().optional().describe('source of reported usage'),
    final: z.boolean(), late: z.boolean().optional().describe('settled after the hold had expired'),
    request: request.optional(), price: price.optional(),
    total: amount.describe('price of all that this charge covers so far'),
    cost: amount.describe('what this event charged: total less what the hold was charged before, less what stayed uncharged'),
    charged: amount.describe('all that was charged under this id so far'),
    uncharged: amount.optional().describe('what onExcess: cap left uncharged'),
    fromHeld: parts.optional().describe('taken from the hold'),
    fromFree: parts.optional().describe('taken from free credit'),
    owed: stretch.optional().describe('what found no credit: a stretch of the debt line'),
    released: parts.optional().describe('given back to its grants'),
    lapsed: parts.optional().describe('given back to grants that had expired meanwhile, and so expired'),
    stillHeld: amount.optional(), debtPaid, facts, fingerprint: print, balance,
  }),
});

const given = { released: parts.optional(), lapsed: parts.optional(), debtPaid, balance };

export const HoldReleased = defineEvent('HoldReleased', {
  summary: 'A hold was given back: its work failed or did not happen.',
  data: z.object({ holdId: id, reason: z.string().optional(), facts, ...given }),
});

export const HoldExpired = defineEvent('HoldExpired', {
  summary: 'A hold reached its end unsettled and was given back. Dated with that end.',
  data: z.object({ holdId: id, ...given }),
});

export const PackExpired = defineEvent('PackExpired', {
  summary: 'A grant reached its end; its free part is gone. Dated with that end.',
  data: z.object({ grant: grantKey, amount, balance }),
});

export const RefundIssued = defineEvent('RefundIssued', {
  summary: 'A charge was undone, or a purchase given back, in whole or part.',
  data: z.object({
    refundId: id, idempotencyKey: id.optional(), charge: id.optional(), source: z.string().optional(), purchase: id.optional(), amount,
    reason: z.string().optional(),
    debtCancelled: z.array(stretch).optional().describe('debt this charge still owed'),
    returned: parts.optional().describe('given back to the grants it was taken from'),
    newGrant: z.object({ grant: grantKey, amount, priority: z.number().int(), expiresAt: instant }).optional()
      .describe('what was taken from grants that have expired since'),
    undone: parts.optional().describe('the parts of the charge that were undone, by the grant they were taken from'),
    money: money.optional().describe('what of the payment is to be returned'),
    debtPaid, fingerprint: print, balance,
  }),
});

export const BalanceThresholdCrossed = defineEvent('BalanceThresholdCrossed', {
  summary: 'Available credit fell to or below a threshold of the catalog; once, until it has risen above again.',
  data: z.object({ warning: z.string(), operator: z.enum(['below', 'at_or_below']), threshold: amount, available: amount }),
});

export const accountEvents = [
  AccountOpened, CreditsPurchased, CreditsGranted, HoldPlaced, HoldIncreased, UsageSettled, HoldReleased, HoldExpired,
  PackExpired, RefundIssued, BalanceThresholdCrossed,
] as const;

/** What happened to an account. */
export type AccountEvent = EventOf<(typeof accountEvents)[number]>;
export type AccountEventType = AccountEvent['type'];
export type DataOf<Type extends AccountEventType> = Extract<AccountEvent, { type: Type }>['data'];

/** An account event with its instants, as decided or as read. */
export type AccountFact = AccountEvent & { readonly recordedAt: string; readonly occurredAt?: string | undefined };

export type BalanceData = z.infer<typeof balance>;
export type PartData = z.infer<typeof part>;
export type PriceData = z.infer<typeof price>;

export const accountEventDefinitions: ReadonlyMap<string, EventDefinition> =
  new Map(accountEvents.map((definition) => [definition.type, definition as EventDefinition]));
