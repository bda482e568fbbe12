import { jest } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { Decimal } from 'decimal.js';
import { insist, openAccount, type Reply } from './client.js';
import { freePort } from '../support/free-port.mjs';
import { EngineProcess, meterbook, newDataDir, TOKEN } from './engine-process.js';

const ACCOUNTS = 10;
const WORKERS = 24;
const KILLS = 8;
const CREDIT = '1000';

jest.setTimeout(600_000);

/** What the engine has acknowledged, and so must never forget. */
interface Acknowledged { readonly account: string; readonly hold: string; readonly how: 'settled' | 'released' | 'left'; readonly cost: string }

describe('kill -9 under load', () => {
  const data = newDataDir();
  let engine: EngineProcess;

  beforeAll(async () => {
    engine = new EngineProcess(await freePort(), data.dir);
    await engine.start();
  });
  afterAll(async () => {
    await engine.kill('SIGTERM');
    data.remove();
  });

  it('loses no acknowledged command, leaves no hold that never ends, and conserves money', async () => {
    const { url } = engine;
    await Promise.all(Array.from({ length: ACCOUNTS }, (_, n) => openAccount(url, `a-${n}`, CREDIT)));
    const acknowledged: Acknowledged[] = [];
    const load = new AbortController();

    const work = async (worker: number): Promise<void> => {
      for (let n = 0; !load.signal.aborted; n += 1) {
        const account = `a-${(worker + n) % ACCOUNTS}`;
        const hold = `h-${worker}-${n}`;
        const how = (['settled', 'settled', 'released', 'left'] as const)[n % 4] as Acknowledged['how'];
        const ttlSeconds = how === 'left' ? 60 : 3_600;
        expect(okOf(await insist(url, 'POST', '/v1/holds', { id: hold, accountId: account, amount: '0.5', ttlSeconds }))).toBe(true);
        const path = `/v1/accounts/${account}/holds/${hold}`;
        if (how === 'settled') expect(okOf(await insist(url, 'POST', `${path}/settle`, { amount: '0.3' }))).toBe(true);
        if (how === 'released') expect(okOf(await insist(url, 'POST', `${path}/release`, { reason: 'failed' }))).toBe(true);
        acknowledged.push({ account, hold, how, cost: how === 'settled' ? '0.3' : '0' });
      }
    };
    const workers = Array.from({ length: WORKERS }, (_, worker) => work(worker));

    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = acknowledged.length;
      while (acknowledged.length < before + 150) await pause(20);
      // In turn: the engine, its PostgreSQL, and both at once.
      if (kill % 3 !== 1) await killEngine(engine, kill % 3 === 2);
      else engine.killPostgres();
      if (!engine.running) await engine.start();
    }
    load.abort();
    await Promise.all(workers);

    for (const { account, hold, how } of sample(acknowledged, 300)) {
      const shown = await insist(url, 'GET', `/v1/accounts/${account}/holds/${hold}`);
      expect({ hold, status: shown.body.status }).toEqual({ hold, status: how === 'left' ? expect.stringMatching(/open|expired/) : how });
    }

    // The holds that nobody closed end by themselves, on time.
    for (let n = 0; n < ACCOUNTS; n += 1) {
      const until = Date.now() + 90_000;
      for (;;) {
        const { body } = await insist(url, 'GET', `/v1/accounts/a-${n}/balance`);
        if (body.held === '0') break;
        if (Date.now() > until) throw new Error(`a-${n} still holds ${String(body.held)}`);
        await pause(500);
      }
      const spent = acknowledged.filter(({ account }) => account === `a-${n}`).reduce((sum, { cost }) => sum.plus(cost), new Decimal(0));
      const { body } = await insist(url, 'GET', `/v1/accounts/a-${n}/balance`);
      expect(body.available).toBe(new Decimal(CREDIT).minus(spent).toFixed());
    }

    await engine.kill('SIGTERM');
    const verified = await meterbook(['verify'], { METERBOOK_DATA_DIR: data.dir, METERBOOK_OPERATOR_TOKEN: TOKEN });
    expect({ code: verified.code, output: verified.code === 0 ? '' : verified.output }).toEqual({ code: 0, output: '' });
  });
});

const okOf = ({ status, body }: Reply): boolean => {
  if (status >= 200 && status < 300) return true;
  throw new Error(`${status} ${JSON.stringify(body)}`);
};

const killEngine = async (engine: EngineProcess, postgresToo: boolean): Promise<void> => {
  if (postgresToo) engine.killPostgres();
  await engine.kill('SIGKILL');
};

const sample = <T>(all: readonly T[], count: number): T[] => {
  const step = Math.max(1, Math.floor(all.length / count));
  return all.filter((_, at) => at % step === 0);
};
