import { openEventLog, type Check, type ProcessParts, type RunningPart } from '#libs/engine';
import { Failure } from '#libs/process';
import { Relay } from '#libs/relay';

/** Brings the events of the log to Kafka. Any number may run: one works, and the others take over from it. */
export const startRelay = async ({ settings: { eventLog, eventFeed }, databaseUrl, telemetry, say, signal }: ProcessParts): Promise<RunningPart> => {
  if (eventFeed.kind !== 'kafka') throw new Failure('There is nothing to relay: EVENT_FEED is direct, so the projectors read the log themselves. Set EVENT_FEED=kafka, or do without this process.');
  const events = await openEventLog({ databaseUrl, eventLog, signal }, say);
  const relay = new Relay({ log: events, databaseUrl, kafka: eventFeed.kafka, ...telemetry.relayOptions(eventFeed.kafka.topic) });
  telemetry.relay(relay);
  relay.start();
  return {
    checks: () => Promise.resolve([checkOf(relay)]),
    stop: async () => {
      await relay.stop();
      await events.close();
    },
  };
};

/** One on standby is as ready as the one that works: nobody asks it for anything. How far behind it is, metrics say. */
const checkOf = ({ condition: { state, error } }: Pick<Relay, 'condition'>): Check => {
  const ok = state === 'live' || state === 'standby';
  return ok ? { name: 'relay', ok } : { name: 'relay', ok, detail: error instanceof Error ? error.message : state };
};
