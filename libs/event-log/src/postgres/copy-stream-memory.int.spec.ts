import { randomUUID } from 'node:crypto';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { copyStreamMemory } from './copy-stream-memory.js';
import { PostgresStreamMemory } from './postgres-stream-memory.js';

const STREAM = 'account-acme';

describe('copying what the writers of a log remember', () => {
  let database: TestDatabase;
  const logs = [randomUUID(), randomUUID()] as const;

  const memoryOf = (logId: string): Promise<PostgresStreamMemory> => PostgresStreamMemory.open(database.url, logId);
  const copy = (from: string, to: string): ReturnType<typeof copyStreamMemory> => copyStreamMemory({ url: database.url, logId: from }, { url: database.url, logId: to });

  beforeAll(async () => {
    database = await freshDatabase();
    for (const [at, logId] of logs.entries()) {
      const memory = await memoryOf(logId);
      await memory.save(STREAM, { revision: 7, hash: `hash ${at}`, version: 1, state: '{}' }, [{ key: `key ${at}`, revision: 3 }], -1);
      await memory.close();
    }
  });
  afterAll(() => database.drop());

  it('takes that of the one log, beside others in its database', async () => {
    const target = randomUUID();
    expect(await copy(logs[1], target)).toEqual({ snapshots: 1, ids: 1 });
    const memory = await memoryOf(target);
    expect((await memory.load(STREAM))?.hash).toBe('hash 1');
    expect((await memory.find(STREAM, ['key 0', 'key 1'])).uses).toEqual(new Map([['key 1', [3]]]));
    await memory.close();
  });

  it('takes the id of the log for an id, whatever it says', async () => {
    await expect(copy(`${logs[0]}' OR true --`, randomUUID())).rejects.toMatchObject({ code: '22P02' });
  });
});
