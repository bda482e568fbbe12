import { readFileSync } from 'node:fs';
import type { KafkaSettings } from '#libs/event-feed';
import { SettingsError } from './settings-error.js';
import type { Values } from './table.js';

/** Copies of the topic worth having: two brokers may fail. */
const ENOUGH_COPIES = 3;

/** How to reach Kafka. @throws SettingsError for settings that do not go together */
export const kafkaSettings = (values: Values): KafkaSettings => {
  const { KAFKA_BROKERS: brokers, KAFKA_TOPIC: topic, KAFKA_PARTITIONS: partitions, KAFKA_REPLICATION: replication } = values;
  if (brokers.length === 0) throw new SettingsError('EVENT_FEED is kafka, which needs KAFKA_BROKERS: host:port,host:port.');
  return { brokers, topic, partitions, replication: replication ?? Math.min(brokers.length, ENOUGH_COPIES), tls: tlsOf(values), sasl: saslOf(values) };
};

const tlsOf = ({ KAFKA_TLS: isOn, KAFKA_TLS_CA_FILE: file }: Values): KafkaSettings['tls'] => {
  if (isOn) return { ca: file && pemOf(file) };
  if (file !== undefined) throw new SettingsError('KAFKA_TLS_CA_FILE is set, but KAFKA_TLS is not true: set KAFKA_TLS=true, or leave the file out.');
  return undefined;
};

const pemOf = (file: string): string => {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new SettingsError(`KAFKA_TLS_CA_FILE is ${JSON.stringify(file)}, which cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new SettingsError(`KAFKA_TLS_CA_FILE is ${JSON.stringify(file)}, which holds no certificate in PEM form.`);
  return text;
};

const saslOf = ({ KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password }: Values): KafkaSettings['sasl'] => {
  if (mechanism !== undefined && username !== undefined && password !== undefined) return { mechanism, username, password };
  if (mechanism === undefined && username === undefined && password === undefined) return undefined;
  const missing = [
    ...(mechanism === undefined ? ['KAFKA_SASL_MECHANISM'] : []), ...(username === undefined ? ['KAFKA_SASL_USERNAME'] : []), ...(password === undefined ? ['KAFKA_SASL_PASSWORD'] : []),
  ];
  throw new SettingsError(`To log in to Kafka, ${missing.join(' and ')} must be set too; to do without, leave all KAFKA_SASL_ settings out.`);
};
