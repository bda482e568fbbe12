import { pop, push, type Heap, type Instant } from '#libs/kernel';
import { findGrant } from './grants.js';
import type { Account, Due } from './state.js';

/** Order of ends: by instant; at one instant grants before holds, then by id. Total, so that every replay agrees. */
export const endsBefore = (a: Due, b: Due): boolean =>
  a.at !== b.at ? a.at < b.at : a.kind !== b.kind ? a.kind === 'grant' : a.id < b.id;

export const addDue = (dues: Heap<Due> | undefined, due: Due): Heap<Due> => push(dues, due, endsBefore);

/** Still to come: the hold is open and ends then, the grant has something free to lose. */
const isLive = (account: Account, { at, kind, id }: Due): boolean => {
  if (kind === 'hold') return account.holds.get(id)?.expiresAt === at;
  const grant = findGrant(account, id);
  return grant !== undefined && grant.free > 0n;
};

/** The soonest end that is still to come. */
export const nextDue = (account: Account): Due | undefined => {
  let heap = account.dues;
  while (heap && !isLive(account, heap.item)) heap = pop(heap, endsBefore);
  return heap?.item;
};

/**
 * Drops ends at the top that will never come: of closed or prolonged holds, and of grants whose end has passed. An
 * empty grant's end stays: a refund may still fill it before.
 */
export const dropDeadDues = (account: Account, now: Instant): Heap<Due> | undefined => {
  let heap = account.dues;
  while (heap && (heap.item.kind === 'hold' || heap.item.at <= now) && !isLive(account, heap.item)) heap = pop(heap, endsBefore);
  return heap;
};
