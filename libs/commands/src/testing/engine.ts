import { readFileSync } from 'node:fs';
import type { Clock, Instant } from '#libs/kernel';
import { parseCatalog, type AccountCommand, type Answer } from '#libs/domain';
import type { EventLog, StreamMemory } from '#libs/event-log';
import { backOff } from '../../../event-log/src/testing/back-off.js';
import { Accounts } from '../accounts.js';
import { Catalogs } from '../catalogs.js';
import type { Origin } from '../commands.js';

export const origin: Origin = { actor: 'operator:admin', correlationId: 'spec' };

/** A clock that stands still until it is moved. */
export const handClock = (start: Instant = '2026-11-21T10:00:00.000Z'): Clock & { at: Instant } => {
  const clock = (() => clock.at) as Clock & { at: Instant };
  clock.at = start;
  return clock;
};

/** One engine's command side over a log that others may share. */
export interface Engine {
  readonly accounts: Accounts;
  readonly catalogs: Catalogs;
  readonly snapshotFailures: unknown[];
  readonly run: (accountId: string, command: AccountCommand) => Promise<Answer>;
}

export const engineOn = (log: EventLog, memory: StreamMemory, clock: Clock): Engine => {
  const catalogs = new Catalogs(log, clock);
  const snapshotFailures: unknown[] = [];
  const accounts = new Accounts({ log, memory, catalogs, leases: backOff, clock, onSnapshotFailed: (_stream, error) => void snapshotFailures.push(error) });
  return { accounts, catalogs, snapshotFailures, run: (accountId, command) => accounts.execute(accountId, command, origin) };
};

/** Imports kyma and opens an account on it, with credit. */
export const withCredit = async ({ accounts, catalogs, run }: Engine, accountId: string, amount: string): Promise<void> => {
  const file = parseCatalog(JSON.parse(readFileSync('catalogs/kyma.json', 'utf8')));
  await catalogs.execute('kyma', { type: 'ImportCatalog', file }, origin);
  await accounts.execute(accountId, { type: 'OpenAccount', mode: 'prepaid', timeZone: 'UTC' }, origin, 'kyma');
  if (amount !== '0') await run(accountId, { type: 'BuyCredit', id: 'buy-0', idempotencyKey: 'buy-0', amount });
};

export const hold = (holdId: string, amount: string): AccountCommand => ({ type: 'PlaceHold', holdId, amount });
export const settle = (holdId: string, amount: string): AccountCommand => ({ type: 'SettleHold', holdId, amount, final: true });
export const buy = (id: string, amount: string): AccountCommand => ({ type: 'BuyCredit', id, idempotencyKey: id, amount });
