import { jest } from '@jest/globals';
import { mkdtemp, readFile, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readSettings, type Settings } from '#libs/settings';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { Wire } from '../../../../test/faults/wire.js';
import { startEngine, type Engine } from './engine.js';
import { shippedCatalogs } from '../../../api/src/start/shipped-catalogs.js';

jest.setTimeout(60_000);

describe('an engine', () => {
  let database: TestDatabase;
  let settings: Settings;
  const running: Engine[] = [];
  let wire: Wire | undefined;

  const start = async (changed: Partial<Settings> = {}, say?: (line: string) => void): Promise<Engine> => {
    const engine = await startEngine({ ...settings, ...changed }, say && { say });
    running.push(engine);
    return engine;
  };
  const call = async ({ url, operatorTokens }: Engine, method: string, at: string, body?: unknown) => {
    const response = await fetch(url + at, {
      method, headers: { authorization: `Bearer ${operatorTokens[0]?.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() as Record<string, any> }; // eslint-disable-line
  };

  beforeAll(async () => { database = await freshDatabase(); });
  afterAll(() => database.drop());
  beforeEach(async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'meterbook-engine-'));
    settings = readSettings({ DATABASE_URL: database.url, METERBOOK_DATA_DIR: dataDir, PORT: '0', HOST: '127.0.0.1' });
  });
  afterEach(async () => {
    for (const engine of running.splice(0)) await engine.close();
    await wire?.close();
    wire = undefined;
  });

  it('has the shipped catalogs, and keeps a token of its own where nobody else can read it', async () => {
    const engine = await start();
    const { body } = await call(engine, 'GET', '/v1/catalogs');
    expect(body.items.map(({ name }: { name: string }) => name)).toEqual((await shippedCatalogs()).map(({ name }) => name));
    expect(engine.tokenStoredIn).toBe(path.join(settings.dataDir, 'operator-token'));
    expect((await stat(engine.tokenStoredIn as string)).mode & 0o777).toBe(0o600);
    expect(engine.operatorTokens).toEqual([{ role: 'admin', token: (await readFile(engine.tokenStoredIn as string, 'utf8')).trim() }]);
    await engine.close();
    // Where it is said each time: the first start may have failed before anybody read of it.
    expect(await start()).toMatchObject({ tokenStoredIn: engine.tokenStoredIn, operatorTokens: engine.operatorTokens });
  });

  it('leaves a stored catalog as it is, and says so', async () => {
    const kyma = (await shippedCatalogs()).find(({ name }) => name === 'kyma');
    const first = await start();
    await call(first, 'PUT', '/v1/catalogs/kyma', { ...kyma, description: 'ours' });
    await first.close();
    const said: string[] = [];
    const second = await start({}, (line) => said.push(line));
    expect((await call(second, 'GET', '/v1/catalogs/kyma')).body.description).toBe('ours');
    expect(said).toEqual(['Stored otherwise than they ship, and left as they are: catalogs kyma.']);
  });

  it('uses the tokens that are set, and stores none', async () => {
    const engine = await start({ operatorTokens: [{ role: 'read-only', token: 'only-for-reading-this' }] });
    expect(engine.tokenStoredIn).toBeUndefined();
    expect((await call(engine, 'POST', '/v1/accounts', { id: 'a', catalog: 'kyma' })).status).toBe(403);
    await expect(stat(path.join(settings.dataDir, 'operator-token'))).rejects.toThrow('ENOENT');
  });

  it('starts though the connections to its database break one after another while it does', async () => {
    const { pathname, port, username, password } = new URL(database.url);
    wire = await Wire.to(Number(port));
    let seen: Buffer | undefined;
    let requests = 0;
    const isAt = (request: Buffer): boolean => {
      if (request !== seen) requests += 1;
      seen = request;
      return requests % 11 === 0;
    };
    wire.breakAt(...Array.from({ length: 6 }, (_, n) => ({ isAt, loses: n % 2 === 0 ? 'request' as const : 'answer' as const })));
    const said: string[] = [];
    const engine = await start({ databaseUrl: `postgres://${username}:${password}@127.0.0.1:${wire.port}${pathname}` }, (line) => said.push(line));
    expect(said).toContainEqual(expect.stringMatching(/^Something it needs went away during the start \(.*\); starting over…$/));
    expect((await call(engine, 'GET', '/v1/catalogs')).status).toBe(200);
  });

  it('says in a line that its port is in use, and leaves nothing running', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => { other.once('listening', resolve); });
    const { port } = other.address() as AddressInfo;
    await expect(start({ port })).rejects.toThrow(`Port ${port} is in use; stop what listens there, or set PORT to another.`);
    other.close();
    expect(await start({ port })).toMatchObject({ url: `http://127.0.0.1:${port}` });
  });

  it('says in a line that the token cannot be kept', async () => {
    await expect(start({ dataDir: '/dev/null/data' })).rejects.toThrow('The operator token cannot be kept in /dev/null/data/operator-token (ENOTDIR)');
  });

  it('says in a line that the database cannot be used, at once where waiting does not help', async () => {
    await expect(start({ databaseUrl: `${database.url}_not` })).rejects.toThrow(/^The database at 127\.0\.0\.1:\d+ cannot be used \(database ".*_not" does not exist\); check DATABASE_URL\.$/);
  });
});
