import { pop } from '#libs/kernel';
import { endsBefore } from '../dues.js';
import { saveAccount } from '../snapshot.js';
import type { Account, Due } from '../state.js';

/** All that matters of an account, as plain values: two that are equal here decide and answer alike for ever. */
export const plain = (account: Account): object => {
  const { grants, emptyGrants, holds, ...rest } = JSON.parse(saveAccount(account)) as { grants: object[]; emptyGrants: Keyed[]; holds: Keyed[] };
  return { ...rest, grants, emptyGrants: sorted(emptyGrants), holds: sorted(holds), dues: liveDues(account) };
};

type Keyed = { readonly key?: string; readonly id?: string };
const nameOf = ({ key = '', id = key }: Keyed): string => id;
const sorted = (items: readonly Keyed[]): Keyed[] => items.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));

/** Ends that can still come; what is dead stays in one heap longer than in another. */
const liveDues = ({ dues, holds, grants, emptyGrants, lastRecordedAt }: Account): Due[] => {
  const live: Due[] = [];
  for (let heap = dues; heap; heap = pop(heap, endsBefore)) {
    const { item } = heap;
    const isLive = item.kind === 'hold' ? holds.get(item.id)?.expiresAt === item.at
      : item.at > lastRecordedAt || ([...grants, ...emptyGrants.values()].find(({ key }) => key === item.id)?.free ?? 0n) > 0n;
    if (isLive) live.push(item);
  }
  return live;
};
