import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { jest } from '@jest/globals';
import { Decimal } from 'decimal.js';
import { freePort } from '../support/free-port.mjs';
import { EngineProcess, TOKEN } from '../faults/engine-process.js';

jest.setTimeout(900_000);

const TRACE = path.resolve(process.env.METERBOOK_TRACE ?? '../shared/data/AzureLLMInferenceTrace_conv.csv');
const MAIN = path.resolve('dist/apps/cli/src/main.js');
/** Times the trace is written one after another, to see that memory does not follow the file's length. */
const LONGER = 20;
const MIB = 1_048_576;

/** The trace reckoned apart from the engine: another CSV reader, another arithmetic. */
const reckon = async (): Promise<{ rows: number; sum: Decimal }> => {
  let rows = 0;
  let sum = new Decimal(0);
  for await (const line of createInterface({ input: createReadStream(TRACE), crlfDelay: Infinity })) {
    const [time, input, output] = line.split(',');
    if (time === 'TIMESTAMP' || time === '') continue;
    rows += 1;
    sum = sum.plus(new Decimal('0.68').times(input ?? '').plus(new Decimal('2.16').times(output ?? '')).div(1_000_000));
  }
  return { rows, sum };
};

/** Peak resident memory of a process, as Linux counts it; undefined where there is no such count. */
const peakBytes = (pid: number | undefined): number | undefined => {
  try {
    const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1_024;
  } catch {
    return undefined;
  }
};

describe('billing real usage', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'meterbook-real-usage-'));
  let engine: EngineProcess;

  beforeAll(async () => {
    if (!existsSync(TRACE)) throw new Error(`${TRACE} is missing; set METERBOOK_TRACE to AzureLLMInferenceTrace_conv.csv of the Azure Public Dataset`);
    engine = new EngineProcess(await freePort(), path.join(folder, 'data'));
    await engine.start();
  });
  afterAll(async () => {
    await engine.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const call = async (method: string, at: string, body?: unknown): Promise<Response> => {
    const response = await fetch(engine.url + at, {
      method, headers: { authorization: `Bearer ${TOKEN}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${at}: ${response.status} ${await response.text()}`);
    return response;
  };

  const importing = async (file: string, account: string): Promise<{ code: number | null; said: string; peak: number }> => {
    const child = spawn(process.execPath, [
      MAIN, 'import-usage', file, '--account', account, '--model', 'qwen-3-coder', '--time', 'TIMESTAMP', '--meter', 'input_tokens=ContextTokens',
      '--meter', 'output_tokens=GeneratedTokens', '--url', engine.url, '--rejects', path.join(folder, `${account}.rejects.csv`),
    ], { env: { ...process.env, METERBOOK_OPERATOR_TOKEN: TOKEN }, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    let peak = 0;
    child.stdout.on('data', (chunk: Buffer) => { said += chunk.toString(); });
    const watch = setInterval(() => { peak = Math.max(peak, peakBytes(child.pid) ?? 0); }, 50);
    const [code] = await once(child, 'exit') as [number | null];
    clearInterval(watch);
    return { code, said, peak };
  };

  /** Adds the usage log up from its CSV, which streams. */
  const usageLogSum = async (account: string): Promise<{ rows: number; sum: Decimal }> => {
    const response = await call('GET', `/v1/accounts/${account}/usage?format=csv`);
    const [header, ...lines] = (await response.text()).trimEnd().split('\r\n');
    const cost = header?.split(',').indexOf('cost') ?? -1;
    return { rows: lines.length, sum: lines.reduce((sum, line) => sum.plus(line.split(',')[cost] ?? ''), new Decimal(0)) };
  };

  it('bills every request of the trace: the usage log adds up to an independent sum over the file', async () => {
    const expected = await reckon();
    expect(expected.rows).toBe(19_366);
    await call('POST', '/v1/accounts', { id: 'trace', catalog: 'kyma' });
    await call('POST', '/v1/accounts/trace/purchases', { id: 'buy-1', amount: '10' });
    const first = await importing(TRACE, 'trace');
    expect(first).toMatchObject({ code: 0, said: expect.stringContaining(`charged now       19,366 rows, ${expected.sum.toFixed()} USD`) as string });
    const log = await usageLogSum('trace');
    expect({ rows: log.rows, sum: log.sum.toFixed() }).toEqual({ rows: expected.rows, sum: expected.sum.toFixed() });
    const { remaining } = await (await call('GET', '/v1/accounts/trace/balance')).json() as { remaining: string };
    expect(remaining).toBe(new Decimal(10).minus(expected.sum).toFixed());
  });

  it('changes nothing when the file is imported again', async () => {
    const before = await (await call('GET', '/v1/accounts/trace/balance')).json() as { position: string };
    const again = await importing(TRACE, 'trace');
    expect(again).toMatchObject({ code: 0, said: expect.stringContaining('charged now       0 rows, 0 USD') as string });
    const after = await (await call('GET', '/v1/accounts/trace/balance')).json() as { position: string };
    expect(after).toEqual(before);
  });

  it('rejects a row that cannot be billed with its reason, and loses nothing else', async () => {
    const lines = readFileSync(TRACE, 'utf8').split(/\r?\n/).slice(0, 1_001);
    const file = path.join(folder, 'damaged.csv');
    lines[100] = `${lines[100]?.split(',')[0]},many,44`;
    lines[200] = `never,374,44`;
    writeFileSync(file, lines.join('\r\n'));
    await call('POST', '/v1/accounts', { id: 'damaged', catalog: 'kyma' });
    expect(await importing(file, 'damaged')).toMatchObject({ code: 2, said: expect.stringContaining('998 rows') as string });
    const rejects = readFileSync(path.join(folder, 'damaged.rejects.csv'), 'utf8').trimEnd().split('\r\n');
    expect(rejects.slice(1)).toEqual([
      expect.stringMatching(/^101,"ContextTokens: ""many"" is no quantity/) as string, expect.stringMatching(/^201,"""never"" is not a time/) as string,
    ]);
    expect((await usageLogSum('damaged')).rows).toBe(998);
  });

  it(`takes no more memory for a file ${LONGER} times as long`, async () => {
    const file = path.join(folder, 'long.csv');
    const [header, ...lines] = readFileSync(TRACE, 'utf8').split(/\r?\n/);
    writeFileSync(file, `${header}\r\n${`${lines.join('\r\n')}\r\n`.repeat(LONGER)}`);
    for (const account of ['short', 'long']) await call('POST', '/v1/accounts', { id: account, catalog: 'kyma' });
    const short = await importing(TRACE, 'short');
    const long = await importing(file, 'long');
    expect([short.code, long.code]).toEqual([0, 0]);
    expect(long.said).toContain(`charged now       ${(19_366 * LONGER).toLocaleString('en-US')} rows`);
    // A heap is given time to be collected; a file held in memory would show as hundreds of MiB.
    if (short.peak > 0) expect(long.peak).toBeLessThan(short.peak + 80 * MIB);
    process.stderr.write(`peak memory: ${Math.round(short.peak / MIB)} MiB, ${LONGER} times as long: ${Math.round(long.peak / MIB)} MiB\n`);
  });
});
