import { jest } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { proxyTo } from '../../../event-log/src/testing/proxy.js';
import { TransactionsQuery } from '../transactions/query.js';
import { openReadDatabase } from './data-source.js';

jest.setTimeout(60_000);

describe('the read models\' database', () => {
  let database: TestDatabase;
  beforeAll(async () => { database = await freshDatabase(); });
  afterAll(() => database.drop());

  it('is made by whoever comes first, by several at once too', async () => {
    const opened = await Promise.all([openReadDatabase(database.url), openReadDatabase(database.url), openReadDatabase(database.url)]);
    expect(await opened[0].query('SELECT count(*)::integer AS count FROM read.migration')).toEqual([{ count: opened[0].migrations.length }]);
    await Promise.all(opened.map((dataSource) => dataSource.destroy()));
  });

  it('has the tables that the entities describe', async () => {
    const dataSource = await openReadDatabase(database.url);
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
    await dataSource.destroy();
  });

  it('is not waited for without end where it has gone silent; reads go on once it answers, and closing ends', async () => {
    const proxy = await proxyTo(database.url);
    const dataSource = await openReadDatabase(proxy.url, 500);
    const transactions = new TransactionsQuery(dataSource);
    const read = () => transactions.list('acme', {}, { limit: 10, offset: 0 });
    expect(await read()).toMatchObject({ items: [] });
    proxy.deafen();
    const asked = performance.now();
    await expect(read()).rejects.toMatchObject({ kind: 'unavailable', code: 'database_unavailable' });
    expect(performance.now() - asked).toBeLessThan(5_000);
    expect(await read()).toMatchObject({ items: [] }); // on a new connection
    proxy.deafen();
    const late = read().catch(() => undefined);
    await Promise.all([dataSource.destroy(), late]);
    await proxy.close();
  });
});
