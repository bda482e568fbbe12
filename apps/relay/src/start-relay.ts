import { Gauge } from 'prom-client';
import { openEventLog, type Check, type ProcessParts, type RunningPart } from '#libs/engine';
import { Failure } from '#libs/process';
import { Relay, type RelayStatus } from '#libs/relay';

/** Brings the events of the log to Kafka. Any number may run: one works, and the others take over from it. */
export const startRelay = async ({ settings: { eventLog, eventFeed }, databaseUrl, log, metrics, say }: ProcessParts): Promise<RunningPart> => {
  if (eventFeed.kind !== 'kafka') throw new Failure('There is nothing to relay: EVENT_FEED is direct, so the projectors read the log themselves. Set EVENT_FEED=kafka, or do without this process.');
  const events = await openEventLog({ databaseUrl, eventLog }, say);
  const relay = new Relay({ log: events, databaseUrl, kafka: eventFeed.kafka, onError: (error) => log.warn({ err: error }, 'the relay cannot go on') });
  metrics.add(figureOf('meterbook_relay_lag_events', 'Events of the log that are not in the topic.', relay, ({ lag }) => lag.events));
  relay.start();
  return {
    checks: async () => [await checkOf(relay)],
    stop: async () => {
      await relay.stop();
      await events.close();
    },
  };
};

const figureOf = (name: string, help: string, relay: Relay, read: (status: RelayStatus) => number): Gauge => new Gauge({
  name, help, registers: [],
  async collect() {
    // Metrics are looked at most when something is down: that one cannot be told takes none of the others away.
    const status = await relay.status().catch(() => undefined);
    this.set(status ? read(status) : Number.NaN);
  },
});

/** One on standby is as ready as the one that works: nobody asks it for anything. */
const checkOf = async (relay: Relay): Promise<Check> => {
  try {
    const { state, error } = await relay.status();
    const ok = state === 'live' || state === 'standby';
    return ok ? { name: 'relay', ok } : { name: 'relay', ok, detail: error instanceof Error ? error.message : state };
  } catch (error) {
    return { name: 'relay', ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
};
