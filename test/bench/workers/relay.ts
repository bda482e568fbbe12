import type { KafkaSettings } from '#libs/event-feed';
import { PostgresEventLog } from '#libs/event-log';
import { Relay } from '#libs/relay';
import { answerParent } from '../support/child.js';

/** S5 through Kafka: brings a log to a topic. */

let url: string;
let log: PostgresEventLog;

const open = async (options: { url: string }): Promise<void> => {
  ({ url } = options);
  log = await PostgresEventLog.open(url);
};

/** @returns the seconds until the broker had acknowledged as many events */
const run = async ({ kafka, events }: { kafka: KafkaSettings; events: number }): Promise<number> => {
  const begun = performance.now();
  let left = events;
  let relay: Relay;
  await new Promise<void>((resolve, reject) => {
    relay = new Relay({
      log, databaseUrl: url, kafka, onError: reject,
      onSent: (sent) => {
        left -= sent.length;
        if (left <= 0) resolve();
      },
    });
    relay.start();
  });
  const seconds = (performance.now() - begun) / 1_000;
  await relay!.stop();
  return seconds;
};

answerParent({ open, run });
