import { setTimeout as pause } from 'node:timers/promises';
import type { AppendFault } from '../support/eventstoredb/faults.js';
import type { Dice } from './dice.js';
import type { EnterpriseShape } from './enterprise-shape.js';
import type { Break, Wire } from './wire.js';

const APPEND_FAULTS: readonly AppendFault[] = ['drop-before', 'drop-after', 'time-out-before', 'time-out-after', 'unanswered-before', 'unanswered-after'];
/** Longer than a member of a consumer group may be silent, and than a connection to the log is. */
const LONG_MS = 12_000;

/** Something that goes wrong with one part; over when that part works again. */
export interface Fault {
  readonly name: string;
  /** What it is done to: nothing else is, meanwhile. */
  readonly part: string;
  strike(dice: Dice): Promise<void>;
}

/** How long something is gone: mostly for a moment, and now and then until others have taken over. */
const awhile = (dice: Dice): Promise<void> => pause(dice.below(4) === 0 ? LONG_MS : dice.between(500, 4_000));

const freezing = (part: string, frozen: { freeze(): void; thaw(): void }): Fault => ({
  name: `freeze ${part}`, part,
  strike: async (dice) => {
    frozen.freeze();
    await awhile(dice);
    frozen.thaw();
  },
});

/** `request` is what a client sends when it writes. */
const wireFaults = (part: string, wire: Wire, request: Break['isAt']): Fault[] => [
  { name: `cut all connections to ${part}`, part, strike: async (dice) => {
    for (let n = dice.between(1, 4); n > 0; n -= 1) {
      wire.cut();
      await pause(dice.between(50, 800));
    }
  } },
  { name: `cut connections to ${part} in the middle of writes`, part, strike: async (dice) => {
    wire.breakAt(...Array.from({ length: dice.between(3, 8) }, () => ({ isAt: request, loses: dice.of(['request', 'answer'] as const) })));
    await pause(dice.between(1_000, 4_000));
    wire.mend();
  } },
  { name: `lose what is said to ${part} and answered`, part, strike: async (dice) => {
    wire.silence();
    await awhile(dice);
    wire.resume();
  } },
];

/** Everything that can happen to a running shape, once each. */
export const faultsOf = ({ services, servers }: EnterpriseShape): Fault[] => {
  const { log, broker, postgres, toBroker, toPostgres } = servers;
  const killed = (part: string, server: { kill(): Promise<void> }, start: () => Promise<void>): Fault => ({
    name: `kill ${part}`, part,
    strike: async (dice) => {
      await server.kill();
      await pause(dice.between(0, 3_000));
      await start();
    },
  });
  return [
    ...services.flatMap((service): Fault[] => [
      { name: `kill ${service.name}`, part: service.name, strike: async () => {
        await service.kill();
        await service.untilReady();
      } },
      freezing(service.name, service),
    ]),
    killed('the log', log, () => log.restart()),
    killed('the broker', broker, () => broker.restart()),
    killed('PostgreSQL', postgres, () => postgres.start()),
    freezing('the log', log), freezing('the broker', broker), freezing('PostgreSQL', postgres),
    ...wireFaults('the broker', toBroker, isProduce),
    ...wireFaults('PostgreSQL', toPostgres, isWrite),
    { name: 'fail appends', part: 'the log', strike: async (dice) => {
      log.failAppends(Array.from({ length: dice.between(10, 30) }, () => dice.of(APPEND_FAULTS)));
      await pause(dice.between(1_000, 4_000));
    } },
    { name: 'drop the connections to the log, which forgets ids', part: 'the log', strike: async (dice) => {
      for (let n = dice.between(1, 4); n > 0; n -= 1) {
        log.forget();
        log.dropConnections();
        await pause(dice.between(50, 800));
      }
    } },
    { name: 'answer late', part: 'the log', strike: async (dice) => {
      log.answerAfter(dice.between(100, 3_500));
      await pause(dice.between(1_000, 5_000));
      log.answerAfter(0);
    } },
  ];
};

/** Kafka: four bytes of length, then which request it is; 0 writes messages. */
const isProduce = (request: Buffer): boolean => request.length > 8 && request.readInt16BE(4) === 0;

/** PostgreSQL: a transaction's end, and what is a transaction by itself. */
const isWrite = (request: Buffer): boolean => ['COMMIT', 'INSERT', 'UPDATE'].some((word) => request.includes(word));
