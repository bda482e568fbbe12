import { mkdtemp, readFile, appendFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../client/api-client.js';
import { BilledFile } from './billed-file.js';
import type { ColumnNames } from './columns.js';
import { readThrough } from './content-hash.js';
import { Tally } from './tally.js';
import type { UsageEvent } from './usage-event.js';

/** As much of an engine as an import sees: counts each event once, and knows one account and one model. */
class FakeEngine {
  readonly counted = new Map<string, UsageEvent>();
  largestBatch = 0;
  underWay = 0;
  mostUnderWay = 0;
  /** Per request; what it answers for an event, or undefined to bill it. */
  refuse: (event: UsageEvent, request: number) => object | undefined = () => undefined;
  private requests = 0;

  readonly client = { post: (_path: string, events: readonly UsageEvent[]) => this.post(events) } as unknown as ApiClient;

  private async post(events: readonly UsageEvent[]): Promise<{ results: unknown[] }> {
    const request = (this.requests += 1);
    this.largestBatch = Math.max(this.largestBatch, events.length);
    this.mostUnderWay = Math.max(this.mostUnderWay, (this.underWay += 1));
    // Later batches are answered sooner.
    await sleep(Math.max(1, 20 - 3 * request));
    this.underWay -= 1;
    return { results: events.map((event) => this.refuse(event, request) ?? this.bill(event)) };
  }

  private bill(event: UsageEvent): object {
    const key = `${event.source}/${event.id}`;
    const replayed = this.counted.has(key);
    this.counted.set(key, event);
    return { id: event.id, status: 201, cost: `0.${event.data.usage.input_tokens?.padStart(3, '0')}`, ...(replayed ? { replayed } : {}), balance: { unit: 'USD' } };
  }
}

const names: ColumnNames = { time: 'At', meters: new Map([['input_tokens', 'Tokens']]), model: { name: 'm' }, id: undefined };

const importing = async (text: string, engine: FakeEngine, options: { readonly batch?: number; readonly id?: string; readonly model?: ColumnNames['model']; readonly signal?: AbortSignal } = {}) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'meterbook-import-'));
  const [file, rejectsPath] = [path.join(folder, 'usage.csv'), path.join(folder, 'usage.rejects.csv')];
  await writeFile(file, text);
  const tally = new Tally();
  const run = async (): Promise<void> => new BilledFile({
    file, content: await readThrough(file), columns: { ...names, id: options.id, model: options.model ?? names.model }, rejectsPath, client: engine.client, account: 'acme', batch: options.batch ?? 3,
    progress: { update: () => undefined }, tally, signal: options.signal ?? new AbortController().signal,
  }).bill();
  return { file, tally, run, rejects: () => readFile(rejectsPath, 'utf8') };
};

const rows = (count: number): string => `Id,At,Tokens\n${Array.from({ length: count }, (_, n) => `r-${n},2026-01-01 10:00:00,${n}`).join('\n')}\n`;

describe('billing a file', () => {
  it('bills every row once, in bounded batches, a bounded number at a time', async () => {
    const engine = new FakeEngine();
    const { run, tally, rejects } = await importing(rows(100), engine);
    await run();
    expect(tally).toMatchObject({ billed: 100, repeated: 0, rejected: 0 });
    expect(tally.lines()[0]).toBe('  charged now       100 rows, 4.95 USD');
    expect(engine.counted.size).toBe(100);
    expect(engine.largestBatch).toBe(3);
    expect(engine.mostUnderWay).toBe(4);
    await expect(rejects()).rejects.toThrow('ENOENT');
  });

  it('changes nothing the second time', async () => {
    const engine = new FakeEngine();
    await (await importing(rows(10), engine)).run();
    const again = await importing(rows(10), engine);
    await again.run();
    expect(again.tally).toMatchObject({ billed: 0, repeated: 10 });
    expect(again.tally.lines().slice(0, 2)).toEqual(['  charged now       0 rows, 0 USD', '  imported before   10 rows, 0.045 USD']);
  });

  it('knows rows by the file and their line, or by their id in whatever file', async () => {
    const engine = new FakeEngine();
    await (await importing(rows(2), engine)).run();
    await (await importing(`${rows(2)}r-2,2026-01-01 10:00:00,2\n`, engine)).run();
    expect(engine.counted.size).toBe(5);
    const byId = new FakeEngine();
    await (await importing(rows(2), byId, { id: 'Id' })).run();
    await (await importing(`${rows(2)}r-2,2026-01-01 10:00:00,2\n`, byId, { id: 'Id' })).run();
    expect([...byId.counted.keys()]).toEqual(['import/r-0', 'import/r-1', 'import/r-2']);
  });

  it('loses nothing but the rows that cannot be billed, and writes those down in the order of the file', async () => {
    const engine = new FakeEngine();
    engine.refuse = ({ data }) => (data.usage.input_tokens === '7' ? { status: 422, code: 'unknown_model', detail: 'no such model' } : undefined);
    const { run, tally, rejects } = await importing(rows(12).replace('r-3,2026-01-01 10:00:00,3', 'r-3,never,3').replace('r-9,2026-01-01 10:00:00,9', 'r-9,2026-01-01 10:00:00'), engine);
    await run();
    expect(tally).toMatchObject({ billed: 9, rejected: 3 });
    expect((await rejects()).split('\r\n')).toEqual([
      'line,reason,Id,At,Tokens',
      expect.stringMatching(/^5,"""never"" is not a time such as .*",r-3,never,3$/),
      '9,unknown_model: no such model,r-7,2026-01-01 10:00:00,7',
      '11,"it has 2 columns, the header has 3",r-9,2026-01-01 10:00:00',
      '',
    ]);
  });

  it('bills a mended rejects file once, and only what was rejected', async () => {
    const engine = new FakeEngine();
    engine.refuse = ({ data }) => (data.model === '@cf/m' ? undefined : { status: 422, code: 'unknown_model' });
    const byModel = { model: { column: 'Model' } };
    const first = await importing('Model,At,Tokens\n@cf/m,2026-01-01 10:00:00,1\n@cf/m,never,2\nother,2026-01-01 10:00:00,3\n', engine, byModel);
    await first.run();
    expect(first.tally).toMatchObject({ billed: 1, rejected: 2 });
    const mended = (await first.rejects()).replace(',never,', ',2026-01-01 10:00:00,');
    for (const billed of [1, 0]) {
      const second = await importing(mended, engine, byModel);
      await second.run();
      expect(second.tally).toMatchObject({ billed, repeated: 1 - billed, rejected: 1 });
    }
    expect([...engine.counted.values()].map(({ data }) => data)).toEqual([
      { model: '@cf/m', usage: { input_tokens: '1' } }, { model: '@cf/m', usage: { input_tokens: '2' } },
    ]);
  });

  it('sends those again that the log did not take, and no others', async () => {
    const engine = new FakeEngine();
    const sent: string[] = [];
    engine.refuse = ({ id }, request) => {
      sent.push(id);
      return request === 1 && id === '3' ? { status: 503, code: 'log_unavailable' } : undefined;
    };
    const { run, tally } = await importing(rows(3), engine);
    await run();
    expect(sent).toEqual(['2', '3', '4', '3']);
    expect(tally).toMatchObject({ billed: 3, repeated: 0 });
  });

  it('stops at once where there is no such account', async () => {
    const engine = new FakeEngine();
    engine.refuse = () => ({ status: 404, code: 'not_found' });
    await expect((await importing(rows(50), engine)).run()).rejects.toThrow('There is no account acme; open it first (POST /v1/accounts).');
  });

  it('says so when the file changes under it', async () => {
    const engine = new FakeEngine();
    const { run, file } = await importing(rows(100_000), engine, { batch: 1_000 });
    engine.refuse = ({ id }) => { if (id === '2') void appendFile(file, 'r-x,2026-01-01 10:00:00,1\n'); return undefined; };
    await expect(run()).rejects.toThrow('changed while it was imported');
  });

  it('finishes what is under way when it is stopped, and goes on from there the next time', async () => {
    const engine = new FakeEngine();
    const stop = new AbortController();
    engine.refuse = (_event, request) => { if (request === 2) stop.abort(); return undefined; };
    const first = await importing(rows(60), engine, { signal: stop.signal });
    await first.run();
    expect(first.tally.rows).toBe(engine.counted.size);
    expect(first.tally.rows).toBeLessThan(60);
    const second = await importing(rows(60), engine);
    await second.run();
    expect(second.tally).toMatchObject({ billed: 60 - first.tally.rows, repeated: first.tally.rows });
  });

  it('refuses a file that is no text, has no header, or not the columns', async () => {
    const engine = new FakeEngine();
    await expect((await importing('\n\n', engine)).run()).rejects.toThrow('usage.csv has no header.');
    for (const header of ['\0A\0t\0', '\u001B]0;owned\u0007,Tokens\n', '\u009B2J,Tokens\n']) await expect((await importing(header, engine)).run()).rejects.toThrow('is not UTF-8 text');
    await expect((await importing('When,Tokens\n', engine)).run()).rejects.toThrow('has no column At; its columns are When, Tokens.');
  });
});
