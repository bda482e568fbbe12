import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Client, Pool } from 'pg';
import { BillingError } from '#libs/kernel';
import { isOutage, keepTrying } from './keep-trying.js';

const coded = (code: string): Error => Object.assign(new Error('an error'), { code });
const never = new AbortController().signal;

describe('isOutage', () => {
  it.each(['ECONNREFUSED', 'ECONNRESET', '57P01', '53100', '53300', '40001', '08006', '25006'])('%s passes by itself', (code) => expect(isOutage(coded(code))).toBe(true));
  it.each(['23505', '42P01', '22P02', 'ERR_INVALID_ARG_TYPE'])('%s would only happen again', (code) => expect(isOutage(coded(code))).toBe(false));
  it('knows a log that cannot be reached', () => expect(isOutage(new BillingError('unavailable', 'log_unavailable'))).toBe(true));
  it('takes no refusal for an outage, such as that of a log made by a newer version', () => expect(isOutage(new BillingError('conflict', 'log_unusable'))).toBe(false));
  it('knows a host with several addresses, none of which answers', () => expect(isOutage(new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')]))).toBe(true));
  it('knows a broker that is away', () => expect(isOutage(Object.assign(new Error('no leader'), { name: 'KafkaJSProtocolError' }))).toBe(true));
  it('knows a database that takes connections and says nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const connectionString = `postgres://me:secret@127.0.0.1:${(silent.address() as AddressInfo).port}/books`;
    const client = new Client({ connectionString, connectionTimeoutMillis: 50 });
    client.on('error', () => undefined);
    expect(await client.connect().then(() => 'connected', isOutage)).toBe(true);
    const pool = new Pool({ connectionString, connectionTimeoutMillis: 50 });
    expect(await pool.connect().then(() => 'connected', isOutage)).toBe(true);
    await pool.end();
    silent.close();
  });
  it('takes a bug for a bug', () => expect(isOutage(new TypeError('x is not a function'))).toBe(false));
});

describe('keepTrying', () => {
  it('tries again after an outage, and tells of it', async () => {
    const seen: unknown[] = [];
    let attempts = 0;
    await keepTrying(async () => {
      if ((attempts += 1) < 3) throw coded('ECONNREFUSED');
    }, never, (error) => seen.push(error));
    expect(attempts).toBe(3);
    expect(seen).toHaveLength(2);
  });

  it('gives up at once at what is no outage', async () => {
    let attempts = 0;
    await expect(keepTrying(async () => {
      attempts += 1;
      throw coded('23505');
    }, never, () => undefined)).rejects.toThrow('an error');
    expect(attempts).toBe(1);
  });

  it('stops at the abort, in the middle of a wait too', async () => {
    const stopping = new AbortController();
    await keepTrying(() => Promise.reject(coded('ECONNREFUSED')), stopping.signal, () => stopping.abort());
    expect(stopping.signal.aborted).toBe(true);
  });
});
