import { readFileSync } from 'node:fs';
import {
  ANY, BACKWARDS, binaryEvent, END, EventStoreDBClient, jsonEvent, WrongExpectedVersionError, type AppendExpectedRevision, type JSONEventType, type ResolvedEvent,
} from '@eventstore/db-client';
import { ServerDouble } from './server-double.js';

interface Step {
  readonly op: 'append' | 'read' | 'last' | 'delete' | 'tombstone';
  readonly stream?: 'a' | 'b';
  readonly expected?: 'any' | 'no_stream' | 'stream_exists' | number;
  readonly ids?: readonly number[];
  readonly data?: number;
  readonly from?: number;
  readonly answer: unknown;
}
interface Sequence { readonly name: string; readonly steps: readonly Step[] }

const { sequences } = JSON.parse(readFileSync(new URL('eventstoredb-answers.json', import.meta.url), 'utf8')) as { sequences: Sequence[] };
type Numbered = JSONEventType<'Numbered', { n: number }>;

/** Plays one sequence through the real client, on streams of its own, and gives what was answered. */
const play = async (client: EventStoreDBClient, { steps }: Sequence, number: number): Promise<unknown[]> => {
  const idOf = (n: number): string => `00000000-0000-4000-8000-${String(number * 1_000 + n).padStart(12, '0')}`;
  const numberOf = (id: string): number => Number(id.slice(-12)) - number * 1_000;
  const eventsOf = async (events: AsyncIterable<ResolvedEvent<Numbered>>): Promise<unknown> => {
    const answered: number[][] = [];
    for await (const { event } of events) if (event) answered.push([Number(event.revision), numberOf(event.id), event.data.n]);
    return { events: answered };
  };
  const perform = async ({ op, stream = 'a', expected = ANY, ids = [], data, from = 0 }: Step): Promise<unknown> => {
    const name = `sequence-${number}-${stream}`;
    const expectedRevision: AppendExpectedRevision = typeof expected === 'number' ? BigInt(expected) : expected;
    if (op === 'read') return eventsOf(client.readStream<Numbered>(name, { fromRevision: BigInt(from) }));
    if (op === 'last') return eventsOf(client.readStream<Numbered>(name, { direction: BACKWARDS, fromRevision: END, maxCount: 1 }));
    if (op === 'append') {
      const events = ids.map((n) => jsonEvent<Numbered>({ id: idOf(n), type: 'Numbered', data: { n: data ?? n } }));
      const { nextExpectedRevision } = await client.appendToStream(name, events, { expectedRevision });
      return { revision: Number(nextExpectedRevision) };
    }
    await client[op === 'delete' ? 'deleteStream' : 'tombstoneStream'](name, { expectedRevision: expectedRevision as 'any' });
    return { deleted: true };
  };
  const answers: unknown[] = [];
  for (const step of steps) {
    answers.push(await perform(step).catch((error: unknown) => ({
      error: (error as { type?: string }).type,
      ...(error instanceof WrongExpectedVersionError && { actual: error.actualVersion === 'no_stream' ? 'no_stream' : Number(error.actualVersion) }),
    })));
  }
  return answers;
};

describe('the double of EventStoreDB', () => {
  let node: ServerDouble;
  let client: EventStoreDBClient;

  beforeAll(async () => {
    node = await ServerDouble.start();
    client = EventStoreDBClient.connectionString(node.url);
  });

  afterAll(async () => {
    await client.dispose();
    await node.stop();
  });

  it('answers all recorded sequences as the real server did', async () => {
    expect(sequences).toHaveLength(421);
    // At the same time: each has streams and ids of its own.
    const played = await Promise.all(sequences.map((sequence, number) => play(client, sequence, number)));
    expect(sequences.map(({ name }, number) => ({ name, answers: played[number] })))
      .toEqual(sequences.map(({ name, steps }) => ({ name, answers: steps.map(({ answer }) => answer) })));
  }, 30_000);

  it('forgets recent ids as a restarted server does: a repeat with `any` is written again, one with a revision is not', async () => {
    const event = binaryEvent({ type: 'Tested', data: Buffer.from('x') });
    const append = async (expectedRevision: AppendExpectedRevision): Promise<number> =>
      Number((await client.appendToStream('forgotten', event, { expectedRevision })).nextExpectedRevision);
    expect(await append('any')).toBe(0);
    expect(await append('any')).toBe(0);
    node.store.forget();
    expect(await append('no_stream')).toBe(0);
    expect(await append('any')).toBe(1);
  });

  it('refuses more than a mebibyte in one append', async () => {
    const event = binaryEvent({ type: 'Tested', data: Buffer.alloc(1_048_577) });
    await expect(client.appendToStream('large', event)).rejects.toMatchObject({ type: 'maximum-append-size-exceeded', maxAppendSize: 1_048_576 });
  });
});
