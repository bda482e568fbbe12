import { eventIdOf, hashOf } from '#libs/kernel';
import type { RecordedEvent, Snapshot } from '#libs/event-log';
import { engineOn, handClock, hold, settle, withCredit } from '../../../../libs/commands/src/testing/engine.js';
import { InMemoryEventLog, InMemoryStore, InMemoryStreamMemory } from '../../../../libs/event-log/src/testing/in-memory.js';
import { verifyLog, type Pass, type Verified } from './verify-log.js';

const silent: Pass = (_title, _total, work) => work(() => undefined);
const STREAM = 'account-acme';

/** A month's work in small: enough of it for a snapshot, and for ids in the index. */
const books = async (holds = 3) => {
  const store = new InMemoryStore();
  const memory = new InMemoryStreamMemory();
  const engine = engineOn(new InMemoryEventLog(store), memory, handClock());
  await withCredit(engine, 'acme', '100');
  for (let n = 0; n < holds; n += 1) {
    await engine.run('acme', hold(`h-${n}`, '0.02'));
    if (n % 3 !== 0) await engine.run('acme', settle(`h-${n}`, '0.01'));
  }
  await engine.accounts.execute('zeta', { type: 'OpenAccount', mode: 'prepaid', timeZone: 'UTC' }, { actor: 'operator:admin', correlationId: 'spec' }, 'kyma');
  expect(engine.snapshotFailures).toEqual([]);
  return { store, memory, verify: (): Promise<Verified> => verifyLog(new InMemoryEventLog(store), memory, silent) };
};
type Books = Awaited<ReturnType<typeof books>>;

/** Changes one stored event in place, as somebody with a database console would. */
const tamper = ({ store }: Books, stream: string, revision: number, change: (event: RecordedEvent) => Partial<RecordedEvent>): void => {
  const events = store.streams.get(stream) as RecordedEvent[];
  const event = events[revision] as RecordedEvent;
  const changed = { ...event, ...change(event) };
  events[revision] = changed;
  store.all[store.all.indexOf(event)] = changed;
};

/** Gives every event of a stream a new link and id from `revision` on, as somebody who knows how the chain is made would. */
const reseal = (of: Books, stream: string, revision: number): void => {
  const length = of.store.streams.get(stream)?.length ?? 0;
  for (let at = revision; at < length; at += 1) {
    tamper(of, stream, at, (event) => {
      const before = of.store.streams.get(stream)?.[at - 1];
      const previousHash = before ? hashOf(stream, at - 1, before.type, before.body) : null;
      const body = JSON.stringify({ ...JSON.parse(event.body) as object, previousHash });
      return { body, id: eventIdOf(hashOf(stream, at, event.type, body)) };
    });
  }
};

const withData = (event: RecordedEvent, data: object): string => {
  const envelope = JSON.parse(event.body) as { data: object };
  return JSON.stringify({ ...envelope, data: { ...envelope.data, ...data } });
};

describe('verify', () => {
  it('finds nothing in books that nobody touched, with snapshots and without', async () => {
    expect(await (await books()).verify()).toEqual({ events: 11, ofAccounts: 8, accounts: 2, catalogs: 1 });
    const large = await books(700);
    expect(await large.memory.load(STREAM)).toBeDefined();
    expect(await large.verify()).toMatchObject({ accounts: 2, catalogs: 1 });
  });

  it('finds nothing wrong with an empty log', async () => {
    expect(await verifyLog(new InMemoryEventLog(), new InMemoryStreamMemory(), silent)).toEqual({ events: 0, ofAccounts: 0, accounts: 0, catalogs: 0 });
  });

  it('names an event whose stored bytes were changed, even by a space', async () => {
    const changed = await books();
    tamper(changed, STREAM, 2, ({ body }) => ({ body: body.replace('{', '{ ') }));
    await expect(changed.verify()).rejects.toThrow(/^account-acme revision 2, id \(the hash of its stored bytes\): expected .*, found /);
  });

  it('names the event after one that was changed and sealed again', async () => {
    const changed = await books();
    tamper(changed, STREAM, 2, (event) => {
      const body = withData(event, { amount: '0.01' });
      return { body, id: eventIdOf(hashOf(STREAM, 2, event.type, body)) };
    });
    await expect(changed.verify()).rejects.toThrow('account-acme revision 3, hash of the event before it');
  });

  it('names the event whose money does not add up, where the whole chain was forged', async () => {
    const forged = await books();
    tamper(forged, STREAM, 1, (event) => ({ body: withData(event, { amount: '200' }) }));
    reseal(forged, STREAM, 1);
    await expect(forged.verify()).rejects.toThrow('account-acme revision 1, the balance after CreditsPurchased: expected {"debt":"0","held":"0","remaining":"200"}, found {"debt":"0","held":"0","remaining":"100"}');
  });

  it('names the place of an event that was taken out', async () => {
    const cut = await books();
    const event = cut.store.streams.get(STREAM)?.[3] as RecordedEvent;
    cut.store.all.splice(cut.store.all.indexOf(event), 1);
    await expect(cut.verify()).rejects.toThrow(/position in the log: expected \d+, found \d+/);
  });

  it('names an event of a type or shape that no event has', async () => {
    const odd = await books();
    tamper(odd, STREAM, 2, (event) => ({ body: withData(event, { amount: 'a lot' }) }));
    await expect(odd.verify()).rejects.toThrow('account-acme revision 2, HoldPlaced: expected an event that can be read');
  });

  it('names a snapshot that is not the fold', async () => {
    const books_ = await books(700);
    const snapshot = await books_.memory.load(STREAM) as Snapshot;
    await books_.memory.save(STREAM, { ...snapshot, state: snapshot.state.replace('"mode":"prepaid"', '"mode":"postpaid"') }, [], snapshot.revision);
    await expect(books_.verify()).rejects.toThrow(`account-acme revision ${snapshot.revision}, its snapshot`);
  });

  it('names an id that the index has lost', async () => {
    const books_ = await books(700);
    const find = books_.memory.find.bind(books_.memory);
    books_.memory.find = (stream, keys) => find(stream, keys.filter((key) => key !== 'charge/h-7'));
    await expect(books_.verify()).rejects.toThrow('the id index: expected charge/h-7, found nothing');
  });

  it('names a catalog that the registry does not list', async () => {
    const books_ = await books();
    const [listed] = books_.store.streams.get('catalogs') as RecordedEvent[];
    tamper(books_, 'catalogs', 0, (event) => ({ body: withData(event, { name: 'other' }) }));
    reseal(books_, 'catalogs', 0);
    expect(listed?.type).toBe('CatalogListed');
    await expect(books_.verify()).rejects.toThrow('catalogs, the list of catalogs: expected catalog-kyma, found nothing');
  });
});
