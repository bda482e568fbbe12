import { mapOf } from '#libs/kernel';
import { duesOf } from './dues.js';
import type { Account, Grant, Hold } from './state.js';

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
