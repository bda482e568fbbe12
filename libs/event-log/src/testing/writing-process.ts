import { PostgresEventLog } from '../postgres/postgres-event-log.js';
import { anEvent, aStream } from './events.js';

/** A process to kill: writes to many streams at once, and says on its output which event of which stream is acknowledged. */
const [url = ''] = process.argv.slice(2);
const log = await PostgresEventLog.open(url);

const write = async (): Promise<never> => {
  const stream = aStream();
  for (let revision = -1; ;) {
    const events = [anEvent('{"first":true}'), anEvent('{"second":true}')];
    ({ revision } = await log.append(stream, events, revision));
    process.stdout.write(events.map(({ id }, n) => `${stream} ${revision - 1 + n} ${id}\n`).join(''));
  }
};

await Promise.all(Array.from({ length: 32 }, write));
