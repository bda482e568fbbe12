import { Client } from 'pg';
import { openEventStoreLog, type EventLog } from '#libs/event-log';
import { DoubleProcess } from '../support/eventstoredb/double-process.js';
import { startKafka, type KafkaBroker } from '../support/kafka.js';
import { freshDatabase, startServer, type TestServer } from '../support/postgres.js';
import { freePort } from '../support/free-port.mjs';
import { TOKEN } from './engine-process.js';
import { Service } from './service.js';
import { until } from './until.js';
import { Wire } from './wire.js';

const PARTITIONS = '6';

interface Servers {
  /** EventStoreDB's double. */
  readonly log: DoubleProcess;
  readonly broker: KafkaBroker;
  readonly postgres: TestServer;
  /** Between the processes and the broker, and the database. */
  readonly toBroker: Wire;
  readonly toPostgres: Wire;
}

/** How many of each process. */
export interface Processes {
  readonly api: number;
  readonly relay: number;
  readonly projector: number;
  readonly scheduler: number;
}

/** The enterprise shape in real processes: the double of EventStoreDB, a Kafka broker, PostgreSQL, and what Meterbook runs on them. */
export class EnterpriseShape {
  private constructor(
    readonly servers: Servers,
    /** Settings of every process. */
    readonly env: Readonly<Record<string, string>>,
    readonly services: readonly Service[],
    readonly books: EventLog,
    /** Of the read models; past the wire. */
    readonly databaseUrl: string,
  ) {}

  static async start(processes: Processes): Promise<EnterpriseShape> {
    const brokerPort = await freePort();
    const toBroker = await Wire.to(brokerPort);
    const [log, broker, postgres] = await Promise.all([DoubleProcess.start(), startKafka({ port: brokerPort, advertisedPort: toBroker.port }), startServer()]);
    const toPostgres = await Wire.to(Number(new URL(postgres.url).port));
    const { url: databaseUrl } = await freshDatabase(postgres.url);
    const wired = new URL(databaseUrl);
    wired.port = String(toPostgres.port);
    const env = {
      DATABASE_URL: wired.href, EVENT_LOG: 'eventstoredb', EVENTSTOREDB_URL: log.url, METERBOOK_OPERATOR_TOKEN: TOKEN,
      EVENT_FEED: 'kafka', KAFKA_BROKERS: `127.0.0.1:${toBroker.port}`, KAFKA_PARTITIONS: PARTITIONS,
    };
    const services: Service[] = [];
    for (const [app, count] of Object.entries(processes) as [string, number][]) {
      for (let n = 0; n < count; n += 1) services.push(new Service(`${app} ${n}`, app, await freePort(), env));
    }
    const shape = new EnterpriseShape({ log, broker, postgres, toBroker, toPostgres }, env, services, await openEventStoreLog({ url: log.url }), databaseUrl);
    for (const service of services) service.start();
    try {
      await shape.untilReady();
      return shape;
    } catch (error) {
      await shape.remove();
      throw error;
    }
  }

  service(name: string): Service {
    const found = this.services.find((service) => service.name === name);
    if (!found) throw new Error(`there is no ${name}`);
    return found;
  }

  get apis(): readonly string[] {
    return this.services.filter(({ name }) => name.startsWith('api')).map(({ url }) => url);
  }

  async untilReady(): Promise<void> {
    await Promise.all(this.services.map((service) => service.untilReady()));
  }

  /** The last revision of every stream of an account, in the log as it is now. */
  async heads(): Promise<Map<string, number>> {
    const heads = new Map<string, number>();
    for await (const events of this.books.readAll()) {
      for (const { stream, revision } of events) if (stream.startsWith('account-')) heads.set(stream.slice('account-'.length), revision);
    }
    return heads;
  }

  /** Waits until the read models have applied all that is in the log by now. */
  async untilApplied(): Promise<void> {
    const heads = await this.heads();
    let behind: string[] = [];
    await until('the read models have applied what is in the log', async () => {
      const applied = await this.applied();
      behind = [...heads].filter(([account, head]) => (applied.get(account) ?? -1) < head).map(([account, head]) => `${account}: ${applied.get(account)} of ${head}`);
      return behind.length === 0;
    }, { otherwise: () => behind.join(', ') });
  }

  /** What went on in the processes, for who has to find out why something failed. */
  async report(): Promise<string> {
    return (await Promise.all(this.services.map((service) => service.report()))).join('\n');
  }

  /** Ends the processes, as a user does it or at once. Answers how each ended. */
  async stopServices(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<Record<string, number | NodeJS.Signals>> {
    return Object.fromEntries(await Promise.all(this.services.map(async (service) => [service.name, await service.stop(signal)] as const)));
  }

  async remove(): Promise<void> {
    await this.stopServices('SIGKILL');
    await this.books.close();
    const { log, broker, postgres, toBroker, toPostgres } = this.servers;
    postgres.thaw();
    await Promise.all([log.remove(), broker.stop(), postgres.remove(), toBroker.close(), toPostgres.close()]);
  }

  private async applied(): Promise<Map<string, number>> {
    const client = new Client({ connectionString: this.databaseUrl, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { rows } = await client.query<{ account_id: string; revision: number }>('SELECT account_id, revision FROM read.balance');
      return new Map(rows.map(({ account_id: account, revision }) => [account, revision]));
    } finally {
      await client.end();
    }
  }
}
