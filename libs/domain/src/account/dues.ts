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

/** Ends still to come, found anew: they follow from grants and holds. One that is now may not have been written yet. */
export const duesOf = ({ grants, emptyGrants, holds, lastRecordedAt }: Account): Heap<Due> | undefined => {
  let dues: Heap<Due> | undefined;
  for (const { key, expiresAt } of [...grants, ...emptyGrants.values()]) {
    if (expiresAt !== null && expiresAt >= lastRecordedAt) dues = addDue(dues, { at: expiresAt, kind: 'grant', id: key });
  }
  for (const { id, expiresAt } of holds.values()) dues = addDue(dues, { at: expiresAt, kind: 'hold', id });
  return dues;
};

/** Dead ends that are not worth looking for. */
const FEW = 64;

/**
 * Drops ends at the top that will never come: of closed or prolonged holds, and of grants whose end has passed. An
 * empty grant's end stays: a refund may still fill it before. Below one hold that stays open for long, those of all that
 * closed meanwhile would pile up: where most are dead, the living are gathered anew.
 */
export const dropDeadDues = (account: Account, now: Instant): Heap<Due> | undefined => {
  let heap = account.dues;
  if (heap && heap.size > FEW + 2 * (account.holds.size + account.grants.length + account.emptyGrants.size)) return duesOf(account);
  while (heap && (heap.item.kind === 'hold' || heap.item.at <= now) && !isLive(account, heap.item)) heap = pop(heap, endsBefore);
  return heap;
};
