import { jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { Collector } from './collector.js';
import type { Json } from './engine.js';

jest.setTimeout(60_000);

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

describe('what an engine tells of itself', () => {
  let database: TestDatabase;
  beforeEach(async () => { database = await freshDatabase(); });
  afterEach(() => database.drop());

  const run = async (env: Readonly<Record<string, string>>): Promise<{ told: Json; lines: Json[] }> => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      '--import', path.resolve('test/support/run-typescript.mjs'), path.resolve('test/observability/engine-process.ts'), database.url, TRACEPARENT,
    ], { env: { PATH: process.env.PATH, ...env } });
    return { told: JSON.parse(stdout) as Json, lines: stderr.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Json) };
  };

  it('is nothing, and costs nothing, where nothing is set: the SDK is not loaded, and the caller\'s trace goes on as it came', async () => {
    const { told, lines } = await run({});
    expect(told).toMatchObject({ status: 201, isSdkLoaded: false, event: { correlationId: 'corr-1', traceparent: TRACEPARENT } });
    expect(lines).toEqual([]);
  });

  it('is a line for each request at LOG_LEVEL=info, without what a body or a header held', async () => {
    const { told, lines } = await run({ LOG_LEVEL: 'info' });
    expect(lines.filter(({ msg }) => msg === 'request')).toEqual([
      expect.objectContaining({ operation: 'openAccount', status: 201 }),
      { level: 30, time: expect.any(Number) as number, process: 'meterbook', msg: 'request', correlationId: 'corr-1', operation: 'buyCredit', status: 201, ms: expect.any(Number) as number, accountId: 'acme', traceId: TRACE },
      expect.objectContaining({ operation: 'listAccountEvents', status: 200, accountId: 'acme' }),
    ]);
    expect(lines.map(({ msg, state }) => [msg, state])).toEqual(expect.arrayContaining([['the projector', 'live'], ['the scheduler wakes accounts with something due', undefined]]));
    expect(JSON.stringify(lines)).not.toContain(told.token as string);
  });

  it('includes traces where they have somewhere to go', async () => {
    const collector = await Collector.start();
    const { told } = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'billing', OTEL_TRACES_SAMPLER: 'parentbased_always_off' });
    await collector.stop();
    expect(told).toMatchObject({ status: 201, isSdkLoaded: true });
    expect(new Set(collector.spans.map(({ service, traceId }) => `${service} ${traceId}`))).toEqual(new Set([`billing ${TRACE}`]));
  });
});
