import { mapOf } from '#libs/kernel';
import type { Heap } from '#libs/kernel';
import { addDue } from './dues.js';
import type { Account, Due, Grant, Hold } from './state.js';

/** Version of {@link Account}'s shape; raise it with any change of state or evolve, and older snapshots are not used. */
export const ACCOUNT_SNAPSHOT_VERSION = 1;

type Plain = Omit<Account, 'emptyGrants' | 'holds' | 'dues'> & { readonly emptyGrants: readonly Grant[]; readonly holds: readonly Hold[] };

/** A bigint inside JSON; no text of ours starts with this. */
const MARK = '\u0000';

export const saveAccount = (account: Account): string => {
  const plain: Plain & { dues: undefined } = { ...account, emptyGrants: [...account.emptyGrants.values()], holds: [...account.holds.values()], dues: undefined };
  return JSON.stringify(plain, (_key, value: unknown) => (typeof value === 'bigint' ? `${MARK}${value}` : value));
};

export const loadAccount = (text: string): Account => {
  const plain = JSON.parse(text, (_key, value: unknown) =>
    (typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(1)) : value)) as Plain;
  const account: Account = {
    ...plain, emptyGrants: mapOf(plain.emptyGrants.map((grant) => [grant.key, grant] as const)),
    holds: mapOf(plain.holds.map((hold) => [hold.id, hold] as const)), dues: undefined,
  };
  return { ...account, dues: duesOf(account) };
};

/** Ends still to come, found anew: they follow from grants and holds. One that is now may not have been written yet. */
const duesOf = ({ grants, emptyGrants, holds, lastRecordedAt }: Account): Heap<Due> | undefined => {
  let dues: Heap<Due> | undefined;
  for (const { key, expiresAt } of [...grants, ...emptyGrants.values()]) {
    if (expiresAt !== null && expiresAt >= lastRecordedAt) dues = addDue(dues, { at: expiresAt, kind: 'grant', id: key });
  }
  for (const { id, expiresAt } of holds.values()) dues = addDue(dues, { at: expiresAt, kind: 'hold', id });
  return dues;
};
