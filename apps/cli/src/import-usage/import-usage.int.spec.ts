import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jest } from '@jest/globals';
import { Decimal } from 'decimal.js';
import { readSettings } from '#libs/settings';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { startEngine, type Engine } from '../engine/engine.js';
import { ApiClient } from '../client/api-client.js';
import { BilledFile } from './billed-file.js';
import { readThrough } from './content-hash.js';
import { Tally } from './tally.js';

jest.setTimeout(120_000);

const ROWS = 5_000;

/** What qwen-3-coder costs in the shipped catalog, reckoned apart from the engine. */
const INPUT = new Decimal('0.68').div(1_000_000);
const OUTPUT = new Decimal('2.16').div(1_000_000);

describe('importing usage into an engine', () => {
  let database: TestDatabase;
  let engine: Engine;
  let client: ApiClient;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'meterbook-import-'));
    database = await freshDatabase();
    engine = await startEngine(readSettings({ DATABASE_URL: database.url, METERBOOK_DATA_DIR: folder, PORT: '0', HOST: '127.0.0.1' }));
    client = new ApiClient({ url: engine.url, token: engine.operatorTokens[0]?.token as string });
  });
  afterAll(async () => {
    await engine.close();
    await database.drop();
  });

  const importing = async (file: string, account: string, id?: string): Promise<{ tally: Tally; rejectsPath: string }> => {
    const tally = new Tally();
    const rejectsPath = `${file}.rejects.csv`;
    await new BilledFile({
      file, content: await readThrough(file), account, client, batch: 500, rejectsPath, tally, progress: { update: () => undefined }, signal: new AbortController().signal,
      columns: { time: 'TIMESTAMP', model: { name: 'qwen-3-coder' }, meters: new Map([['input_tokens', 'ContextTokens'], ['output_tokens', 'GeneratedTokens']]), id },
    }).bill();
    return { tally, rejectsPath };
  };

  const open = (id: string): Promise<unknown> => client.post('/v1/accounts', { id, catalog: 'kyma' });
  const debtOf = async (account: string): Promise<string> => (await client.get<{ debt: string }>(`/v1/accounts/${account}/balance`)).debt;

  it('bills thousands of rows to the last digit, and nothing more the second time', async () => {
    const file = path.join(folder, 'large.csv');
    let sum = new Decimal(0);
    const lines = Array.from({ length: ROWS }, (_, n) => {
      const [input, output] = [(n * 7919) % 14_000, (n * 104_729) % 1_000];
      sum = sum.plus(INPUT.times(input)).plus(OUTPUT.times(output));
      return `2023-11-16 18:${String(15 + Math.floor(n / 1_000)).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}.6805900,${input},${output}`;
    });
    await writeFile(file, `\uFEFFTIMESTAMP,ContextTokens,GeneratedTokens\r\n${lines.join('\r\n')}`);
    await open('large');
    const first = await importing(file, 'large');
    expect(first.tally).toMatchObject({ billed: ROWS, repeated: 0, rejected: 0 });
    expect(first.tally.lines()[0]).toBe(`  charged now       5,000 rows, ${sum.toFixed()} USD`);
    const again = await importing(file, 'large');
    expect(again.tally).toMatchObject({ billed: 0, repeated: ROWS, rejected: 0 });
    expect(again.tally.lines()[1]).toBe(`  imported before   5,000 rows, ${sum.toFixed()} USD`);
    expect(await debtOf('large')).toBe(sum.toFixed());
  });

  it('writes down what the engine refuses, with its reason, and bills the rest', async () => {
    const file = path.join(folder, 'odd.csv');
    await writeFile(file, 'TIMESTAMP,ContextTokens,GeneratedTokens,Id\n'
      + '2023-11-16 18:15:46,1000,0,r-1\n2999-01-01 00:00:00,1000,0,r-2\n2023-11-16 18:15:46,2000,0,r-1\n2023-11-16 18:15:46,1000,0,r-1\n"2023-11-16 18:15:46,5,5,r-5\n2023-11-16 18:15:46,0,1000,r-6\n');
    await open('odd');
    const { tally, rejectsPath } = await importing(file, 'odd', 'Id');
    expect(tally).toMatchObject({ billed: 2, repeated: 1, rejected: 3 });
    const rejects = (await readFile(rejectsPath, 'utf8')).trimEnd().split('\r\n');
    expect(rejects).toEqual([
      'line,reason,TIMESTAMP,ContextTokens,GeneratedTokens,Id',
      expect.stringMatching(/^3,.*future.*,2999-01-01 00:00:00,1000,0,r-2$/),
      expect.stringMatching(/^4,.*idempotency_conflict.*,2023-11-16 18:15:46,2000,0,r-1$/),
      expect.stringMatching(/^6,a quote is opened and not closed,/),
    ]);
    expect(await debtOf('odd')).toBe(INPUT.times(1_000).plus(OUTPUT.times(1_000)).toFixed());
  });

  it('says that there is no such account, and bills nobody', async () => {
    const file = path.join(folder, 'nobody.csv');
    await writeFile(file, 'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,1000,0\n');
    await expect(importing(file, 'nobody')).rejects.toThrow('There is no account nobody; open it first (POST /v1/accounts).');
  });
});
