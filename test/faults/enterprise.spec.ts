import { jest } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { insist } from './client.js';
import { Dice } from './dice.js';
import { meterbook } from './engine-process.js';
import { EnterpriseShape } from './enterprise-shape.js';
import { untilInLog } from './each-once.js';
import { faultsOf, type Fault } from './mischief.js';
import { SteadyLoad } from './steady-load.js';
import { until } from './until.js';

jest.setTimeout(1_800_000);

const SEED = Number(process.env.METERBOOK_FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** So many commands are carried out between faults: more than were under way in all callers. */
const BETWEEN_FAULTS = 60;
/** Now and then it is waited until the read models have everything, too. */
const ROUNDS_BETWEEN_CATCHING_UP = 4;

describe(`the enterprise shape, seed ${SEED}`, () => {
  let shape: EnterpriseShape;
  let load: SteadyLoad;
  const begun = Date.now();
  const tell = (line: string): void => { process.stdout.write(`${((Date.now() - begun) / 1_000).toFixed(1)} s: ${line}\n`); };

  beforeAll(async () => {
    shape = await EnterpriseShape.start({ api: 2, relay: 2, projector: 2, scheduler: 2 });
    load = new SteadyLoad(shape.apis, new Dice(SEED + 1));
  });
  afterAll(async () => {
    load.abandon();
    await shape.remove();
  });

  it('loses nothing and counts nothing twice, whatever is killed, frozen and cut', async () => {
    const dice = new Dice(SEED);
    tell(`METERBOOK_FAULT_SEED=${SEED} makes the same faults again`);
    try {
      await load.start();
      await allFaults(dice);
      await load.stop();
      tell(`${load.acknowledged} commands done, ${load.repeated} of them asked for again, ${load.unanswered} times without an answer`);
      tell(`${await untilInLog(shape.books, load)} events, each once`);
      await shape.untilApplied();
      tell('all is applied');
      await expectBalances(load);
      expect(shape.services.flatMap(({ endings }) => endings)).toEqual([]);
      expect(await shape.stopServices()).toEqual(Object.fromEntries(shape.services.map(({ name }) => [name, 0])));
      const { code, output } = await meterbook(['verify'], { ...shape.env, DATABASE_URL: shape.databaseUrl });
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('all in order') });
      expect(output).not.toContain('still to apply');
      tell(`verified: ${output.trim().split('\n').at(-1)}`);
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n\nMETERBOOK_FAULT_SEED=${SEED}\n\n${await shape.report()}`, { cause: error });
    }
  });

  /** Two faults at a time, on different parts, until each has happened. */
  const allFaults = async (dice: Dice): Promise<void> => {
    const deck = dice.shuffled(faultsOf(shape));
    for (let round = 1; deck.length > 0; round += 1) {
      const pair = dealPair(deck);
      tell(`${pair.map(({ name }) => name).join(', and ')} (${load.acknowledged} commands done, ${load.unanswered} times without an answer)`);
      await Promise.all(pair.map((fault, n) => strike(fault, n * dice.below(1_000), new Dice(dice.below(2 ** 31)))));
      await shape.untilReady();
      const before = load.acknowledged;
      await until(`${BETWEEN_FAULTS} commands are done after ${pair.map(({ name }) => name).join(', and ')}`, () => {
        load.check();
        return load.acknowledged >= before + BETWEEN_FAULTS;
      });
      if (round % ROUNDS_BETWEEN_CATCHING_UP === 0) await shape.untilApplied();
    }
  };

  const strike = async (fault: Fault, afterMs: number, dice: Dice): Promise<void> => {
    await pause(afterMs);
    await fault.strike(dice);
  };

  const dealPair = (deck: Fault[]): Fault[] => {
    const first = deck.shift() as Fault;
    const second = deck.findIndex(({ part }) => part !== first.part);
    return second < 0 ? [first] : [first, ...deck.splice(second, 1)];
  };

  /** What every caller was told adds up to what the account has, at each API. */
  const expectBalances = async ({ expected }: SteadyLoad): Promise<void> => {
    for (const api of shape.apis) {
      for (const [account, { remaining }] of expected) {
        const { body } = await insist(api, 'GET', `/v1/accounts/${account}/balance`);
        expect({ account, remaining: body.remaining, held: body.held, debt: body.debt }).toEqual({ account, remaining: remaining.toFixed(), held: '0', debt: '0' });
      }
    }
  };
});
