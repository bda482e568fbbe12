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
    expect(readSettings({})).toEqual({ host: '0.0.0.0', port: 3000, dataDir: path.resolve('data'), operatorTokens: [], databaseUrl: undefined });
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
    });
  });

  it.each([
    ['PORT', 'web', 'PORT is "web", which cannot be used: it is a whole number from 0 to 65535.'],
    ['PORT', '65536', 'PORT is "65536", which cannot be used: it is a whole number from 0 to 65535.'],
    ['EVENT_LOG', 'eventstoredb', 'EVENT_LOG is "eventstoredb", which cannot be used: it is postgres (eventstoredb comes with a later version).'],
    ['EVENT_FEED', 'kafka', 'EVENT_FEED is "kafka", which cannot be used: it is direct (kafka comes with a later version).'],
  ])('refuses %s=%s, naming it and what is allowed', (name, value, message) => expect(refusal({ [name]: value })).toBe(message));

  it('never repeats a secret', () => {
    expect(refusal({ DATABASE_URL: 'mysql://me:hunter2@db/books' })).toBe('DATABASE_URL cannot be used: it is a URL such as postgres://user:password@host:5432/database.');
    const token = refusal({ METERBOOK_OPERATOR_TOKEN: 'root:0123456789abcdef' });
    expect(token).toMatch(/^METERBOOK_OPERATOR_TOKEN cannot be used: .*admin, finance, gateway, read-only/);
    expect(token).not.toContain('0123456789abcdef');
  });

  it('lists every setting for people', () => {
    expect(settingsHelp().map(({ name }) => name)).toEqual([
      'HOST', 'PORT', 'METERBOOK_DATA_DIR', 'METERBOOK_OPERATOR_TOKEN', 'DATABASE_URL', 'EVENT_LOG', 'EVENTSTOREDB_URL', 'EVENT_FEED', 'KAFKA_BROKERS',
    ]);
  });
});
