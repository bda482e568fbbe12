import { open, type Instant } from '#libs/kernel';
import { accountEventDefinitions, accountStream, type AccountEvent } from '#libs/domain';
import type { RecordedEvent } from '#libs/event-log';

/** An event of an account as it was stored. */
export interface AccountRecord {
  readonly accountId: string;
  readonly revision: number;
  readonly event: AccountEvent;
  readonly recordedAt: Instant;
  readonly occurredAt: Instant;
  readonly actor: string;
}

const PREFIX = accountStream('');

export const isAccountStream = (stream: string): boolean => stream.startsWith(PREFIX);
export const accountIdOf = (stream: string): string => stream.slice(PREFIX.length);

/** @throws when the body is no event that this version knows */
export const readRecord = ({ stream, revision, type, body }: Pick<RecordedEvent, 'stream' | 'revision' | 'type' | 'body'>): AccountRecord => {
  const { data, recordedAt, occurredAt, actor } = open<AccountEvent['data']>(type, body, accountEventDefinitions);
  return { accountId: accountIdOf(stream), revision, event: { type, data } as AccountEvent, recordedAt, occurredAt, actor };
};
