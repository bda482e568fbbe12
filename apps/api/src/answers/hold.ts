import { z } from 'zod';
import { releasedBy, type HoldView } from '#libs/domain';
import { standing, type Done } from '../account-orders.js';
import { BalanceAnswer } from './balance.js';
import { amount, instant, position } from './fields.js';

const members = {
  id: z.string(), accountId: z.string(), status: z.enum(['open', 'settled', 'released', 'expired']),
  amount: amount.meta({ description: 'What was asked to be held, increases included.' }),
  held: amount.meta({ description: 'What it still holds.' }),
  cost: amount.meta({ description: 'All it was charged so far.' }),
  costEstimate: amount.optional().meta({ description: 'While it is open.' }),
  model: z.string().optional(), placedAt: instant, expiresAt: instant,
  late: z.boolean().optional().meta({ description: 'It was settled after its end.' }),
};

export const HoldState = z.object(members).meta({ id: 'HoldState' });

export const HoldAnswer = z.object({
  ...members,
  released: amount.optional().meta({ description: 'What this command gave back.' }),
  uncharged: amount.optional().meta({ description: 'What `onExcess: cap` left uncharged.' }),
  outcome: z.enum(['already_settled', 'already_released', 'expired']).optional().meta({ description: 'Of the release of a closed hold: how it had ended. Nothing was changed.' }),
  balance: BalanceAnswer, position,
}).meta({ id: 'Hold' });

/** A hold as it stands. Members are written out, here and below: spreading them costs more than all the rest of an answer. */
export const holdState = (accountId: string, { id, status, amount: asked, held, cost, costEstimate, model, placedAt, expiresAt, late }: HoldView) =>
  ({ id, accountId, status, amount: asked, held, cost, costEstimate, model, placedAt, expiresAt, late });

/** A hold, and the balance it leaves. */
export const holdAnswer = (done: Done) => withBalance(done, undefined);

/** A hold after a command that may have closed it: with what that gave back. */
export const closingAnswer = (done: Done) => withBalance(done, releasedBy(done.answer.fact));

const withBalance = (done: Done, released: string | undefined) => {
  const { accountId, answer: { hold, fact, outcome } } = done;
  if (!hold) throw new TypeError('a command on a hold answers with the hold');
  const { balance, position: token } = standing(done);
  return {
    id: hold.id, accountId, status: hold.status, amount: hold.amount, held: hold.held, cost: hold.cost, costEstimate: hold.costEstimate, released,
    uncharged: fact?.type === 'UsageSettled' ? fact.data.uncharged : undefined, late: hold.late, outcome,
    model: hold.model, placedAt: hold.placedAt, expiresAt: hold.expiresAt, balance, position: token,
  };
};
