import { DataSource } from 'typeorm';
import { closeSession, openSession } from '#libs/event-feed';
import { poolSettings } from '#libs/postgres';
import { BalanceEntity, EmptyGrantEntity } from '../balance/entity.js';
import { OpenHoldEntity } from '../holds/entity.js';
import { TierEntity } from '../tier/entity.js';
import { TransactionEntity } from '../transactions/entity.js';
import { UsageEntity } from '../usage-log/entity.js';
import { HangingUpClient } from './hanging-up-client.js';
import { CreateReadModels1763683200000 } from './migrations/1763683200000-create-read-models.js';
import { FollowATopic1763769600000 } from './migrations/1763769600000-follow-a-topic.js';
import { KnowTheNewestEvent1763856000000 } from './migrations/1763856000000-know-the-newest-event.js';

const CONNECTIONS = 6;
const STATEMENT_TIMEOUT_MS = 30_000;

/** TypeORM's view of the read models: entities, migrations, and the queries that are not hot. */
export const readDataSource = (url: string, statementTimeoutMs = STATEMENT_TIMEOUT_MS): DataSource => new DataSource({
  type: 'postgres', url, schema: 'read', applicationName: 'meterbook queries', poolSize: CONNECTIONS,
  entities: [BalanceEntity, EmptyGrantEntity, OpenHoldEntity, TransactionEntity, UsageEntity, TierEntity],
  migrations: [CreateReadModels1763683200000, FollowATopic1763769600000, KnowTheNewestEvent1763856000000], migrationsTableName: 'migration',
  extra: { ...poolSettings(statementTimeoutMs), Client: HangingUpClient },
  poolErrorHandler: () => undefined, // an idle connection broke: the next query opens another
});

/** Opens the read models at a database, with their tables brought up to date. Any number of processes may do it at once. */
export const openReadDatabase = async (url: string, statementTimeoutMs?: number): Promise<DataSource> => {
  const session = await openSession(url, 'meterbook migrations');
  const dataSource = readDataSource(url, statementTimeoutMs);
  try {
    await session.query("SELECT pg_advisory_lock(hashtextextended('meterbook/read/migrate', 0))");
    await session.query('CREATE SCHEMA IF NOT EXISTS read');
    await dataSource.initialize();
    await dataSource.runMigrations({ transaction: 'all' });
    return dataSource;
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy();
    throw error;
  } finally {
    await closeSession(session);
  }
};
