import { jest } from '@jest/globals';
import { administer, kafkaClient, type KafkaSettings } from '#libs/event-feed';
import type { RecordedEvent } from '#libs/event-log';
import { readSettings } from '#libs/settings';
import { TopicWriter } from '../../libs/event-feed/src/kafka/testing/topics.js';
import { Dice } from './dice.js';
import { meterbook } from './engine-process.js';
import { untilInLog } from './each-once.js';
import { EnterpriseShape } from './enterprise-shape.js';
import { SteadyLoad } from './steady-load.js';
import { until } from './until.js';

jest.setTimeout(1_200_000);

const SEED = 20_261_121;
/** A few at a time, so that what it repeats lies between what the relay sends. */
const AT_ONCE = 50;
const COMMANDS = 300;

describe('a relay that was taken for dead, and goes on sending', () => {
  let shape: EnterpriseShape;
  let load: SteadyLoad;
  let zombie: Zombie;

  beforeAll(async () => {
    shape = await EnterpriseShape.start({ api: 1, relay: 1, projector: 2, scheduler: 1 });
    load = new SteadyLoad(shape.apis, new Dice(SEED));
    await load.start();
    await shape.untilApplied(); // the relay has made the topic
    zombie = new Zombie(shape, new Dice(SEED + 1));
  });
  afterAll(async () => {
    load.abandon();
    await zombie.stop();
    await shape.remove();
  });

  it('changes no read model, while projectors come, go and hang', async () => {
    try {
      zombie.start();
      await moreCommands();
      await shape.service('projector 0').kill(); // it joins again
      await shape.service('projector 0').untilReady();
      await moreCommands();
      const hanging = shape.service('projector 1');
      hanging.freeze();
      await shape.untilApplied(); // by the other, which has been given its partitions
      hanging.thaw();
      await moreCommands();
      await load.stop();
      const events = await untilInLog(shape.books, load);
      await until('everything was sent three times, and more', async () => await zombie.messages() > 3 * events);
      await zombie.stop();
      await shape.untilApplied();
      expect(shape.services.flatMap(({ endings }) => endings)).toEqual([]);
      await shape.stopServices();
      const { code, output } = await meterbook(['verify'], { ...shape.env, DATABASE_URL: shape.databaseUrl });
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('all in order') });
      expect(output).not.toContain('still to apply');
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${await shape.report()}`, { cause: error });
    }
  });

  const moreCommands = async (): Promise<void> => {
    const before = load.acknowledged;
    await until(`${COMMANDS} more commands are done`, () => {
      load.check();
      return load.acknowledged >= before + COMMANDS;
    });
  };
});

/** Sends all that is in the log: each event twice, and again and again from anywhere it has been before. */
class Zombie {
  private readonly stopping = new AbortController();
  private readonly settings: KafkaSettings;
  private sending: Promise<void> = Promise.resolve();

  constructor(private readonly shape: EnterpriseShape, private readonly dice: Dice) {
    const { eventFeed } = readSettings({ ...shape.env });
    if (eventFeed.kind !== 'kafka') throw new Error('there is no topic');
    this.settings = eventFeed.kafka;
  }

  start(): void {
    this.sending = this.send();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.sending;
  }

  /** In the topic by now. */
  async messages(): Promise<number> {
    const partitions = await administer(kafkaClient(this.settings), (admin) => admin.fetchTopicOffsets(this.settings.topic));
    return partitions.reduce((sum, { high }) => sum + Number(high), 0);
  }

  private async send(): Promise<void> {
    const { signal } = this.stopping;
    const { books } = this.shape;
    const writer = await TopicWriter.open(this.settings);
    const sent: RecordedEvent[] = [];
    try {
      for await (const events of books.subscribe({ after: undefined, batchSize: AT_ONCE, signal })) {
        await writer.send([...events, ...events], books.id);
        sent.push(...events);
        const from = this.dice.below(sent.length);
        await writer.send(sent.slice(from, from + AT_ONCE), books.id); // long ago
      }
    } finally {
      await writer.close();
    }
  }
}
