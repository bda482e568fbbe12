import { jest } from '@jest/globals';
import { Pool } from 'pg';
import { freshDatabase } from '../../../../test/support/postgres.js';
import type { RecordedEvent } from '../event-log.js';
import { aStream, collect, events, numbered } from '../testing/events.js';
import { PostgresEventLog } from './postgres-event-log.js';

const ROUNDS = 50;

it('a live subscription gets what its own process commits without reading it from the database', async () => {
  const database = await freshDatabase();
  const log = await PostgresEventLog.open(database.url);
  await log.append(aStream(), events(3), -1);
  const [stop, seen] = [new AbortController(), [] as RecordedEvent[]];
  const subscribed = (async () => {
    for await (const batch of log.subscribe({ signal: stop.signal })) seen.push(...batch);
  })();
  const seeing = async (count: number): Promise<void> => {
    while (seen.length < count) await new Promise((resolve) => { setImmediate(resolve); });
  };
  await seeing(3);
  await log.append(aStream(), events(1), -1); // it is live by the time this is seen
  await seeing(4);
  const queries = jest.spyOn(Pool.prototype, 'query');
  for (let n = 1; n <= ROUNDS; n += 1) {
    await Promise.all(numbered(20, () => log.append(aStream(), events(2), -1)));
    await seeing(4 + n * 40);
  }
  // Who asks the database now and then how far the log is may hear of a commit first: then what it had is read, once.
  expect(queries.mock.calls.length).toBeLessThan(ROUNDS / 4);
  queries.mockRestore();
  stop.abort();
  await subscribed;
  expect(seen).toEqual(await collect(log.readAll()));
  await log.close();
  await database.drop();
});
