import { RevisionConflict } from '../../event-log.js';
import { anEvent } from '../../testing/events.js';
import { EventStoreLog } from '../event-store-log.js';

/** A process to kill: fights with others of its kind for a few streams, and says on its output what is acknowledged to it. */
const [url = '', ...streams] = process.argv.slice(2);
const log = await EventStoreLog.open(url);

const write = async (stream: string): Promise<never> => {
  for (let revision = await log.head(stream); ;) {
    const events = [anEvent('{"first":true}'), anEvent('{"second":true}')];
    try {
      ({ revision } = await log.append(stream, events, revision));
      process.stdout.write(events.map(({ id }, n) => `${stream} ${revision - 1 + n} ${id}\n`).join(''));
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
      revision = error.actual;
    }
  }
};

await Promise.all(streams.map(write));
