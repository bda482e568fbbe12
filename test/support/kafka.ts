import { startBroker, whyNoKafka, type BrokerOptions, type KafkaBroker } from '../../scripts/kafka.mjs';

export { LOGIN, type KafkaBroker } from '../../scripts/kafka.mjs';

/**
 * A real broker of a spec's own, ready when this resolves; it ends with the process that asked for it. Specs that use it
 * are named `*.kafka.spec.ts`: `npm run test:kafka` runs them, `npm test` leaves them out. `METERBOOK_KAFKA_VERSION` runs
 * them on another version. A broker that is `secure` takes TLS only, and lets in who has LOGIN.
 */
export const startKafka = async (options: BrokerOptions = {}): Promise<KafkaBroker> => {
  const reason = whyNoKafka();
  if (reason) throw new Error(`no Kafka broker: ${reason}`);
  return startBroker({ version: process.env.METERBOOK_KAFKA_VERSION || undefined, ...options });
};
