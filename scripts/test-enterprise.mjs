// Runs the flow tests, as they are, in the enterprise shape: EventStoreDB (its double) as the log, and Kafka as the feed where
// a real broker can be had (Java 17 and Maven).
import { spawnSync } from 'node:child_process';
import { startBroker, whyNoKafka } from './kafka.mjs';

/** With a log of its own the engine goes on writing while PostgreSQL is away: other specs tell what then happens. */
const LEFT_OUT = '^(?!an API whose database goes away)';

const reason = whyNoKafka();
const broker = reason ? undefined : await startBroker();
process.stdout.write(broker ? `Over the double of EventStoreDB and Kafka ${broker.version}.\n` : `Over the double of EventStoreDB; without Kafka, for ${reason}.\n`);
try {
  const { status } = spawnSync('npm', ['run', '--silent', 'jest', '--', '--coverage=false', 'test/flow', '--testNamePattern', LEFT_OUT, ...process.argv.slice(2)], {
    stdio: 'inherit', env: { ...process.env, METERBOOK_TEST_LOG: 'eventstoredb', METERBOOK_TEST_BROKERS: broker?.brokers.join(',') ?? '' },
  });
  process.exitCode = status ?? 1;
} finally {
  await broker?.stop();
}
