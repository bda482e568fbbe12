import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Pool } from 'pg';
import { freshDatabase } from '../../../../test/support/postgres.js';
import type { RecordedEvent } from '../event-log.js';
import { aStream, events } from '../testing/events.js';
import { openClient } from './database.js';
import { positionOf } from './position.js';
import { PostgresEventLog } from './postgres-event-log.js';

it('a subscription waits on a log that went back in time beneath it, and gets what comes then', async () => {
  const database = await freshDatabase();
  const [log, other] = [await PostgresEventLog.open(database.url), await PostgresEventLog.open(database.url)];
  for (let n = 0; n < 10; n += 1) await log.append(aStream(), events(1), -1);
  const client = await openClient(database.url);
  await client.query('DELETE FROM log.events WHERE position > 5');
  await client.end();

  const [stop, seen] = [new AbortController(), [] as RecordedEvent[]];
  const queries = jest.spyOn(Pool.prototype, 'query');
  const subscribed = (async () => {
    for await (const batch of log.subscribe({ after: positionOf(5), signal: stop.signal })) seen.push(...batch);
  })();
  await delay(500);
  expect(queries.mock.calls.length).toBeLessThan(5);
  queries.mockRestore();

  await log.append(aStream(), events(1), -1);
  await other.append(aStream(), events(1), -1);
  for (const until = performance.now() + 1_500; seen.length < 2 && performance.now() < until;) await delay(10); // it is told, and does not find it by asking now and then
  expect(seen.map(({ position }) => position)).toEqual([6, 7].map(positionOf));
  stop.abort();
  await subscribed;
  await Promise.all([log.close(), other.close()]);
  await database.drop();
});
