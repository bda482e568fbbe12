import type { EventLog, Position } from '#libs/event-log';
import type { KafkaSettings } from '../kafka-settings.js';
import { TopicWriter } from './topics.js';

export interface Relaying {
  /** How often each event is sent. */
  readonly times?: number;
  readonly after?: Position | undefined;
}

/** Sends a log to a topic, worse than a relay is allowed to: each event several times, and all of them again whenever it starts. */
export const startRelay = (log: EventLog, settings: KafkaSettings, { times = 1, after }: Relaying = {}): { stop(): Promise<void> } => {
  const stopping = new AbortController();
  const relaying = (async () => {
    const writer = await TopicWriter.open(settings);
    try {
      for await (const events of log.subscribe({ after, signal: stopping.signal })) {
        for (let n = 0; n < times; n += 1) await writer.send(events, log.id);
      }
    } finally {
      await writer.close();
    }
  })();
  return { stop: () => { stopping.abort(); return relaying; } };
};
