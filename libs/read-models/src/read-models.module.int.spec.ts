import { jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { PostgresEventLog } from '#libs/event-log';
import type { TestDatabase } from '../../../test/support/postgres.js';
import { freshDatabase } from '../../../test/support/postgres.js';
import { BalanceQuery, Projections, ReadModelsModule, UsageQuery } from './index.js';
import { appendAll, busySteps, eventsOf } from './testing/account-events.js';

jest.setTimeout(60_000);

describe('ReadModelsModule', () => {
  let database: TestDatabase;
  beforeAll(async () => { database = await freshDatabase(); });
  afterAll(() => database.drop());

  it('projects and answers from start to shutdown, on a database that was empty', async () => {
    const log = await PostgresEventLog.open(database.url);
    const { events } = eventsOf(busySteps(3));
    for (const upTo of [4, events.length]) {
      const module = await Test.createTestingModule({ imports: [ReadModelsModule.forRoot({ url: database.url, log, onError: () => undefined })] }).compile();
      await module.init();
      if (upTo === 4) await appendAll(log, 'acme', events.slice(0, upTo));
      else await log.append('account-acme', events.slice(4), 3);
      await module.get(Projections).waitFor('acme', upTo - 1, 10_000);
      expect(await module.get(BalanceQuery).find('acme')).toMatchObject({ revision: upTo - 1 });
      await expect(module.get(UsageQuery).list('acme', {}, { limit: 10 })).resolves.toMatchObject({ nextCursor: null });
      await module.close();
    }
    await log.close();
  });
});
