import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CommandBus } from '@nestjs/cqrs';
import { systemClock } from '#libs/kernel';
import { CommandsModule, ExecuteAccountCommand, ExecuteCatalogCommand } from '#libs/commands';
import { normaliseUsage, type AccountCommand, type Answer } from '#libs/domain';
import { PostgresEventLog, PostgresStreamMemory } from '#libs/event-log';
import { backOff } from '../../../libs/event-log/src/testing/back-off.js';
import { catalogFile } from '../history/kyma.js';
import { accountIdOf, CATALOG } from '../load/conversations.js';
import { answerParent } from '../support/child.js';

/** S2: the commands of S1 without HTTP, by callers in the engine's own process. */

@Module({})
class CallersModule {}

const ORIGIN = { actor: 'operator:gateway', correlationId: 'benchmark' };
const MODEL = 'claude-sonnet-4-6';

let bus: CommandBus;
let accounts = 0;
let runs = 0;

const order = (accountId: string, command: AccountCommand, catalog?: string): Promise<Answer> =>
  bus.execute(new ExecuteAccountCommand(accountId, command, ORIGIN, catalog));

const inParallel = async (callers: number, work: (caller: number) => Promise<void>): Promise<void> => {
  await Promise.all(Array.from({ length: callers }, (_, caller) => work(caller)));
};

const start = async ({ url, accounts: count, callers }: { url: string; accounts: number; callers: number }): Promise<void> => {
  const log = await PostgresEventLog.open(url);
  const memory = await PostgresStreamMemory.open(url, log.id);
  const commands = CommandsModule.forRoot({ log, memory, leases: backOff, clock: systemClock, onSnapshotFailed: (stream, error) => { console.error(stream, error); } });
  const app = await NestFactory.createApplicationContext({ module: CallersModule, imports: [commands] }, { logger: false });
  await app.init();
  bus = app.get(CommandBus);
  accounts = count;
  await bus.execute(new ExecuteCatalogCommand(CATALOG, { type: 'ImportCatalog', file: await catalogFile() }, ORIGIN));
  await inParallel(callers, async (caller) => {
    for (let number = caller; number < count; number += callers) {
      await order(accountIdOf(number), { type: 'OpenAccount', mode: 'prepaid', timeZone: 'UTC' }, CATALOG);
      await order(accountIdOf(number), { type: 'BuyCredit', id: 'first', idempotencyKey: 'first', amount: '1000000' });
    }
  });
};

const run = async ({ callers, warmUpMs, measureMs }: { callers: number; warmUpMs: number; measureMs: number }): Promise<{ done: number; perSecond: number }> => {
  runs += 1;
  const from = performance.now() + warmUpMs;
  const to = from + measureMs;
  let done = 0;
  let measured = 0;
  const carryOut = async (accountId: string, command: AccountCommand): Promise<void> => {
    await order(accountId, command);
    done += 1;
    const now = performance.now();
    if (now >= from && now < to) measured += 1;
  };
  const prefix = `s2-${process.pid}-${runs}`;
  await inParallel(callers, async (caller) => {
    for (let turn = 0; performance.now() < to; turn += 1) {
      const accountId = accountIdOf(((caller + turn * callers) * 7_919) % accounts);
      const holdId = `${prefix}-${caller}-${turn}`;
      // As a controller would: usage comes in as numbers and is normalised for each request.
      const used = (output: number) => normaliseUsage(MODEL, { input_tokens: 4_000, cached_input_tokens: 8_000, output_tokens: output });
      await carryOut(accountId, { type: 'PlaceHold', holdId, request: used(4_096) });
      await carryOut(accountId, { type: 'SettleHold', holdId, usage: used(100 + (turn % 900)).usage, final: true });
    }
  });
  return { done, perSecond: (measured * 1_000) / measureMs };
};

answerParent({ start, run });
