import { jest } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
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
});
