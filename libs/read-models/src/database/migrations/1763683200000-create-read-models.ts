import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CHECKPOINT_TABLE } from '#libs/event-feed';

/**
 * Ids are compared by bytes (COLLATE "C"), so that an index means the same after an upgrade of the system's locales.
 * Indexes carry the names PostgreSQL gives them, and a rebuilt copy of a table therefore the same. Rows that change leave
 * room on their page, and no changed column is indexed but rarely, so that an update touches no index (HOT).
 */
export class CreateReadModels1763683200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CHECKPOINT_TABLE);
    await runner.query(`
      CREATE TABLE read.projection (
        name text COLLATE "C" PRIMARY KEY,
        version integer NOT NULL,
        built_at timestamptz(3) NOT NULL
      )`);
    // Empty tables are what any version makes of an empty log.
    await runner.query("INSERT INTO read.projection SELECT unnest(ARRAY['balance', 'holds', 'transactions', 'usage-log', 'tier']), 1, now()");
    await runner.query(`
      CREATE TABLE read.balance (
        account_id text COLLATE "C" PRIMARY KEY,
        catalog text COLLATE "C" NOT NULL,
        unit text COLLATE "C" NOT NULL,
        scale smallint NOT NULL,
        mode text COLLATE "C" NOT NULL,
        time_zone text COLLATE "C" NOT NULL,
        opened_at timestamptz(3) NOT NULL,
        revision integer NOT NULL,
        remaining numeric NOT NULL,
        held numeric NOT NULL,
        debt numeric NOT NULL,
        grants json NOT NULL,
        grant_due_at timestamptz(3)
      ) WITH (fillfactor = 50)`);
    await runner.query('CREATE INDEX ON read.balance (grant_due_at) WHERE grant_due_at IS NOT NULL');
    await runner.query(`
      CREATE TABLE read.empty_grant (
        account_id text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        state json NOT NULL,
        PRIMARY KEY (account_id, key)
      )`);
    await runner.query(`
      CREATE TABLE read.open_hold (
        account_id text COLLATE "C" NOT NULL,
        hold_id text COLLATE "C" NOT NULL,
        placed_at timestamptz(3) NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        amount numeric NOT NULL,
        held numeric NOT NULL,
        charged numeric NOT NULL,
        model text,
        PRIMARY KEY (account_id, hold_id)
      )`);
    await runner.query('CREATE INDEX ON read.open_hold (account_id, expires_at)');
    await runner.query('CREATE INDEX ON read.open_hold (expires_at)');
    await runner.query(`
      CREATE TABLE read.transactions (
        account_id text COLLATE "C" NOT NULL,
        revision integer NOT NULL,
        at timestamptz(3) NOT NULL,
        type text COLLATE "C" NOT NULL,
        id text COLLATE "C" NOT NULL,
        amount numeric NOT NULL,
        remaining numeric NOT NULL,
        held numeric NOT NULL,
        debt numeric NOT NULL,
        paid_amount numeric,
        paid_currency text COLLATE "C",
        pack text,
        details json NOT NULL,
        PRIMARY KEY (account_id, revision)
      )`);
    await runner.query(`
      CREATE TABLE read.usage_log (
        account_id text COLLATE "C" NOT NULL,
        revision integer NOT NULL,
        at timestamptz(3) NOT NULL,
        recorded_at timestamptz(3) NOT NULL,
        id text COLLATE "C" NOT NULL,
        via text COLLATE "C" NOT NULL,
        source text,
        outcome text COLLATE "C" NOT NULL,
        late boolean NOT NULL,
        model text,
        "group" text,
        status integer,
        latency_ms double precision,
        key_id text,
        usage json,
        parameters json,
        cost numeric NOT NULL,
        uncharged numeric,
        catalog text COLLATE "C",
        rate_card integer,
        exact numeric,
        breakdown json,
        facts json,
        PRIMARY KEY (account_id, at, revision)
      )`);
    await runner.query(`
      CREATE TABLE read.tier (
        account_id text COLLATE "C" PRIMARY KEY,
        purchased numeric NOT NULL,
        currency text COLLATE "C" NOT NULL
      ) WITH (fillfactor = 80)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['tier', 'usage_log', 'transactions', 'open_hold', 'empty_grant', 'balance', 'projection', 'checkpoint']) {
      await runner.query(`DROP TABLE read.${table}`);
    }
  }
}
