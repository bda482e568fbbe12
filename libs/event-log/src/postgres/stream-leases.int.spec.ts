import { Client } from 'pg';
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.js';
import { PostgresStreamLeases } from './stream-leases.js';

describe('leases in PostgreSQL', () => {
  let database: TestDatabase;
  let errors: unknown[];
  let leases: PostgresStreamLeases;

  beforeEach(async () => {
    database = await freshDatabase();
    errors = [];
    leases = new PostgresStreamLeases(database.url, (error) => errors.push(error));
  });
  afterEach(() => database.drop());

  it('outlive the connection that held one, as do their holders', async () => {
    const giveBack = await leases.acquire('account-a', 1_000);
    expect(giveBack).toBeDefined();
    await cutAll(database.url);
    const again = await leases.acquire('account-a', 1_000); // given back by the server: nobody else has to wait
    expect(again).toBeDefined();
    giveBack?.();
    again?.();
    (await leases.acquire('account-a', 1_000))?.();
    await leases.close();
    expect(errors).toEqual([expect.any(Error)]); // of the one that had been lost
  });
});

/** All connections to a database but the one that does it. */
const cutAll = async (url: string): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()');
  await client.end();
};
