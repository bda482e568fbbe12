import type { RecordedEvent } from '#libs/event-log';
import { engineOn, handClock, hold, withCredit } from '../../../../libs/commands/src/testing/engine.js';
import { InMemoryEventLog, InMemoryStore, InMemoryStreamMemory } from '../../../../libs/event-log/src/testing/in-memory.js';
import { compareLogs } from './compare-logs.js';
import { copyLog } from './copy-log.js';

const NOWHERE = { position: undefined, events: 0 };

/** A small log and its copy, to spoil. */
const copied = async (): Promise<{ source: InMemoryStore; copy: InMemoryStore; compare: () => Promise<number> }> => {
  const [source, copy] = [new InMemoryStore(), new InMemoryStore()];
  const engine = engineOn(new InMemoryEventLog(source), new InMemoryStreamMemory(), handClock());
  for (const accountId of ['acme', 'zeta']) await withCredit(engine, accountId, '10');
  for (const id of ['a', 'b', 'c']) await engine.run('acme', hold(id, '1'));
  await copyLog({ source: new InMemoryEventLog(source), target: new InMemoryEventLog(copy), from: NOWHERE, onPage: () => Promise.resolve() });
  return { source, copy, compare: () => compareLogs(new InMemoryEventLog(source), new InMemoryEventLog(copy), true, () => undefined) };
};

/** Changes the last hold of a store where it lies. */
const spoil = ({ all }: InMemoryStore): void => {
  const at = all.findIndex(({ stream, revision }) => stream === 'account-acme' && revision === 4);
  const event = all[at] as RecordedEvent;
  all[at] = { ...event, body: ` ${event.body}` };
};

describe('a copied log', () => {
  it('is the log', async () => {
    const { source, compare } = await copied();
    expect(await compare()).toBe(source.all.length);
  });

  it('is found to lack an event', async () => {
    const { copy, compare } = await copied();
    copy.all.pop();
    await expect(compare()).rejects.toThrow(/^account-\w+ revision \d in the copy: expected .*, found nothing$/);
  });

  it('is found to have an event more', async () => {
    const { source, compare } = await copied();
    source.all.pop();
    await expect(compare()).rejects.toThrow(/^account-\w+ revision \d in the copy: expected nothing, found /);
  });

  it('is found to differ by a space', async () => {
    const { source, compare } = await copied();
    spoil(source);
    await expect(compare()).rejects.toThrow(/^account-acme revision 4 in the copy, body: expected {2}/);
  });

  it('is found to be forged where both agree', async () => {
    const { source, copy, compare } = await copied();
    for (const store of [source, copy]) spoil(store);
    await expect(compare()).rejects.toThrow(/^account-acme revision 4, id \(the hash of its stored bytes\)/);
  });

  it('goes on where it was cut off, also within a stream', async () => {
    const [source, copy] = [new InMemoryStore(), new InMemoryStore()];
    const engine = engineOn(new InMemoryEventLog(source), new InMemoryStreamMemory(), handClock());
    await withCredit(engine, 'acme', '10');
    for (const id of ['a', 'b', 'c']) await engine.run('acme', hold(id, '1'));
    const target = new InMemoryEventLog(copy);
    const parts = { source: new InMemoryEventLog(source), target, from: NOWHERE, onPage: () => Promise.resolve() };
    const first = (source.streams.get('account-acme') ?? []).slice(0, 2);
    await target.append('account-acme', first.map(({ id, type, body }) => ({ id, type, body })), -1);
    await copyLog(parts);
    expect(await compareLogs(parts.source, parts.target, true, () => undefined)).toBe(source.all.length);
  });
});
