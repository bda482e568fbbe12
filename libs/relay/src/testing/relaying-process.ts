import { PostgresEventLog } from '#libs/event-log';
import { Relay } from '../relay.js';

/** A relay in a process of its own, to kill or to freeze. It says on its output how it is. */
const [databaseUrl = '', broker = '', topic = ''] = process.argv.slice(2);
const log = await PostgresEventLog.open(databaseUrl);
const relay = new Relay({
  log, databaseUrl, kafka: { brokers: [broker], topic, partitions: 4, replication: 1, tls: undefined, sasl: undefined },
  onState: (state) => process.stdout.write(`${state}\n`), onError: (error) => process.stderr.write(`${String(error)}\n`),
});
relay.start();
