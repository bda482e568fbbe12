import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readSettings, settingsHelp } from './settings.js';

const refusal = (env: Record<string, string>): string => {
  try {
    readSettings(env);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
};

describe('settings', () => {
  it('needs none to be set', () => {
    expect(readSettings({})).toEqual({
      host: '0.0.0.0', port: 3000, dataDir: path.resolve('data'), operatorTokens: [], databaseUrl: undefined,
      eventLog: { kind: 'postgres' }, eventFeed: { kind: 'direct' }, logLevel: 'warn', tracesTo: undefined, remarks: [],
    });
  });

  it('takes an empty variable as one that is not set', () => {
    expect(readSettings({ PORT: '', DATABASE_URL: ' ', METERBOOK_OPERATOR_TOKEN: '', EVENT_LOG: '', KAFKA_BROKERS: '' })).toEqual(readSettings({}));
  });

  it('reads what is set', () => {
    const tokens = 'admin:0123456789abcdef,read-only:fedcba9876543210';
    expect(readSettings({
      PORT: '0', HOST: '127.0.0.1', METERBOOK_DATA_DIR: '/srv/books', DATABASE_URL: 'postgresql://me:secret@db:5433/books?sslmode=require', METERBOOK_OPERATOR_TOKEN: tokens,
      EVENT_LOG: 'postgres', EVENT_FEED: 'direct',
    })).toEqual({
      host: '127.0.0.1', port: 0, dataDir: '/srv/books', databaseUrl: 'postgresql://me:secret@db:5433/books?sslmode=require',
      operatorTokens: [{ role: 'admin', token: '0123456789abcdef' }, { role: 'read-only', token: 'fedcba9876543210' }],
      eventLog: { kind: 'postgres' }, eventFeed: { kind: 'direct' }, logLevel: 'warn', tracesTo: undefined, remarks: [],
    });
  });

  it.each([
    ['PORT', 'web', 'PORT is "web", which cannot be used: it is a whole number from 0 to 65535.'],
    ['PORT', '65536', 'PORT is "65536", which cannot be used: it is a whole number from 0 to 65535.'],
    ['EVENT_LOG', 'mongo', 'EVENT_LOG is "mongo", which cannot be used: it is postgres or eventstoredb.'],
    ['EVENT_LOG', 'eventstoredb', 'EVENT_LOG is eventstoredb, which needs EVENTSTOREDB_URL: a connection string such as esdb://user:password@host:2113?tls=true, with several hosts or esdb+discover:// for a cluster.'],
    ['EVENT_FEED', 'rabbit', 'EVENT_FEED is "rabbit", which cannot be used: it is direct or kafka.'],
    ['EVENT_FEED', 'kafka', 'EVENT_FEED is kafka, which needs KAFKA_BROKERS: host:port,host:port.'],
    ['KAFKA_BROKERS', 'k1:9092,k2', 'KAFKA_BROKERS is "k1:9092,k2", which cannot be used: it is host:port,host:port.'],
    ['KAFKA_PARTITIONS', '0', 'KAFKA_PARTITIONS is "0", which cannot be used: it is a whole number from 1 to 10000.'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL is "loud", which cannot be used: it is fatal, error, warn, info, debug, silent.'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317', 'OTEL_EXPORTER_OTLP_ENDPOINT is "collector:4317", which cannot be used: it is a URL such as http://collector:4318.'],
    ['KAFKA_TLS', 'yes', 'KAFKA_TLS is "yes", which cannot be used: it is true or false.'],
  ])('refuses %s=%s, naming it and what is allowed', (name, value, message) => expect(refusal({ [name]: value })).toBe(message));

  it.each([
    ['the collector, with the path added', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' }, 'http://collector:4318/v1/traces'],
    ['the path for traces as it is', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces/in' }, 'https://traces/in'],
    ['nowhere when switched off', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_SDK_DISABLED: 'true' }, undefined],
    ['nowhere when no exporter is wanted', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_EXPORTER: 'none' }, undefined],
  ])('send traces to %s', (_, env, tracesTo) => expect(readSettings(env).tracesTo).toBe(tracesTo));

  describe('of EventStoreDB', () => {
    it.each(['esdb://localhost:2113?tls=false', 'esdb://admin:secret@a:2113,b:2113,c:2113', 'kurrentdb+discover://cluster.example:2113', 'kurrent://db', 'kdb+discover://db?tlsVerifyCert=false'])('take %s', (url) => {
      expect(readSettings({ EVENT_LOG: 'eventstoredb', EVENTSTOREDB_URL: url }).eventLog).toEqual({ kind: 'eventstoredb', url });
    });
  });

  describe('of Kafka', () => {
    const KAFKA = { EVENT_FEED: 'kafka', KAFKA_BROKERS: 'k1:9092, k2:9092' };
    const LOGIN = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'meterbook', KAFKA_SASL_PASSWORD: 'hunter2' };
    let folder: string;
    beforeAll(() => { folder = mkdtempSync(path.join(tmpdir(), 'meterbook-settings-')); });
    afterAll(() => rmSync(folder, { recursive: true }));

    it('need only the brokers', () => {
      expect(readSettings(KAFKA)).toMatchObject({
        eventFeed: { kind: 'kafka', kafka: { brokers: ['k1:9092', 'k2:9092'], topic: 'meterbook.events', partitions: 12, replication: 2, tls: undefined, sasl: undefined } }, remarks: [],
      });
    });

    it('carry certificates and a login', () => {
      const ca = path.join(folder, 'ca.pem');
      writeFileSync(ca, '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n');
      expect(readSettings({ ...KAFKA, ...LOGIN, KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: ca, KAFKA_TOPIC: 'books', KAFKA_PARTITIONS: '48', KAFKA_REPLICATION: '3' })).toMatchObject({
        eventFeed: { kind: 'kafka', kafka: {
          topic: 'books', partitions: 48, replication: 3, tls: { ca: expect.stringContaining('BEGIN CERTIFICATE') as string },
          sasl: { mechanism: 'scram-sha-512', username: 'meterbook', password: 'hunter2' },
        } },
        remarks: [],
      });
    });

    it('are remarked on where a password goes in the clear', () => {
      expect(readSettings({ ...KAFKA, ...LOGIN }).remarks).toEqual(['KAFKA_TLS is not true: the login to Kafka, and all events, can be read on the way.']);
    });

    it('are refused where they do not go together', () => {
      expect(refusal({ ...KAFKA, KAFKA_SASL_USERNAME: 'meterbook' })).toBe('To log in to Kafka, KAFKA_SASL_MECHANISM and KAFKA_SASL_PASSWORD must be set too; to do without, leave all KAFKA_SASL_ settings out.');
      expect(refusal({ ...KAFKA, KAFKA_TLS_CA_FILE: '/ca.pem' })).toBe('KAFKA_TLS_CA_FILE is set, but KAFKA_TLS is not true: set KAFKA_TLS=true, or leave the file out.');
      expect(refusal({ ...KAFKA, KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: '/nowhere/ca.pem' })).toBe('KAFKA_TLS_CA_FILE is "/nowhere/ca.pem", which cannot be read (ENOENT).');
      const other = path.join(folder, 'other.txt');
      writeFileSync(other, 'nothing of the kind');
      expect(refusal({ ...KAFKA, KAFKA_TLS: 'true', KAFKA_TLS_CA_FILE: other })).toMatch(/holds no certificate in PEM form\.$/);
    });
  });

  it('names what is set and says nothing', () => {
    expect(readSettings({ EVENTSTOREDB_URL: 'esdb://db:2113', KAFKA_BROKERS: 'k:9092' }).remarks).toEqual([
      'EVENTSTOREDB_URL is set and not used; that takes EVENT_LOG=eventstoredb.', 'KAFKA_BROKERS is set and not used; that takes EVENT_FEED=kafka.',
    ]);
  });

  it('never repeats a secret', () => {
    expect(refusal({ DATABASE_URL: 'mysql://me:hunter2@db/books' })).toBe('DATABASE_URL cannot be used: it is a URL such as postgres://user:password@host:5432/database.');
    expect(refusal({ EVENTSTOREDB_URL: 'http://me:hunter2@db' })).toMatch(/^EVENTSTOREDB_URL cannot be used: it is a connection string such as esdb:/);
    const token = refusal({ METERBOOK_OPERATOR_TOKEN: 'root:0123456789abcdef' });
    expect(token).toMatch(/^METERBOOK_OPERATOR_TOKEN cannot be used: .*admin, finance, gateway, read-only/);
    expect(token).not.toContain('0123456789abcdef');
  });

  it('lists every setting for people', () => {
    expect(settingsHelp().map(({ name }) => name)).toEqual([
      'HOST', 'PORT', 'METERBOOK_DATA_DIR', 'METERBOOK_OPERATOR_TOKEN', 'DATABASE_URL', 'EVENT_LOG', 'EVENTSTOREDB_URL', 'EVENT_FEED', 'KAFKA_BROKERS',
      'KAFKA_TOPIC', 'KAFKA_PARTITIONS', 'KAFKA_REPLICATION', 'KAFKA_TLS', 'KAFKA_TLS_CA_FILE', 'KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD',
      'LOG_LEVEL', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    ]);
  });
});
