import { z } from 'zod';
import { hashOf, type EventDefinition } from '#libs/kernel';
import { formatAmount } from '#libs/money';
import {
  accountAsOf, accountEventDefinitions, balanceOf, cardOf, catalogEventDefinitions, evolve, evolveCatalog, imbalanceOf, initialAccount, priceUsage, registryEventDefinitions,
  type Account, type AccountFact, type Catalog, type CatalogFact,
} from '#libs/domain';
import { opened, storedStream } from './samples.js';

/*
 * Streams stored by earlier releases, which every later one must read to the same end. These files only grow: a changed
 * event is a new version, with an upcaster from the old one, and a new file beside the old.
 */
const streams: readonly (readonly [name: string, stream: string, definitions: ReadonlyMap<string, EventDefinition>])[] = [
  ['account.v1', 'account-sample', accountEventDefinitions],
  ['catalog.v1', 'catalog-sample', catalogEventDefinitions],
  ['catalogs.v1', 'catalogs', registryEventDefinitions],
];
const versionOf = (body: string): number => (JSON.parse(body) as { schemaVersion: number }).schemaVersion;

describe.each(streams)('the stored stream %s', (name, stream, definitions) => {
  it('is read by the definitions of today, with nothing in it that they do not know', () => {
    for (const { type, data } of opened(name, definitions)) expect(definitions.get(type)?.data.parse(data)).toEqual(data);
  });

  it('has its hash chain whole over the stored bytes', () => {
    let previousHash: string | null = null;
    for (const [revision, { type, body }] of storedStream(name).entries()) {
      expect(JSON.parse(body)).toMatchObject({ previousHash });
      previousHash = hashOf(stream, revision, type, body);
    }
  });
});

describe('every event there is', () => {
  const all = streams.flatMap(([, , definitions]) => [...definitions.values()]);
  const stored = streams.flatMap(([name]) => storedStream(name));

  it.each(all.map((definition) => [definition.type, definition] as const))('%s is stored in every version it ever had', (type, { version }) => {
    const versions = new Set(stored.filter((event) => event.type === type).map(({ body }) => versionOf(body)));
    expect([...versions].sort((a, b) => a - b)).toEqual(Array.from({ length: version }, (_, at) => at + 1));
  });

  it.each(all.map((definition) => [definition.type, definition] as const))('%s is stored with every member it may have', (type, { data, version }) => {
    const members = Object.keys((z.toJSONSchema(data, { unrepresentable: 'any' }) as { properties?: object }).properties ?? {});
    const seen = stored.filter((event) => event.type === type && versionOf(event.body) === version)
      .flatMap(({ body }) => Object.keys((JSON.parse(body) as { data: object }).data));
    expect(members.filter((member) => !seen.includes(member))).toEqual([]);
  });
});

const balanceIn = (account: Account): object => {
  const { remaining, held, debt } = balanceOf(account);
  return { remaining: formatAmount(remaining), held: formatAmount(held), debt: formatAmount(debt) };
};

describe('the stored account', () => {
  const facts = opened('account.v1', accountEventDefinitions) as unknown as AccountFact[];

  it('folds to the balance each of its events states, and adds up all the way', () => {
    let account = initialAccount;
    for (const fact of facts) {
      account = evolve(account, fact);
      expect(imbalanceOf(account)).toBeUndefined();
      if ('balance' in fact.data) expect(balanceIn(account)).toEqual(fact.data.balance);
    }
  });

  it('comes to the end it came to when it was stored', () => {
    const account = accountAsOf(facts.reduce<Account>(evolve, initialAccount), '2026-12-01T00:00:00.000Z');
    const { totals, grants } = account;
    expect(balanceIn(account)).toEqual({ remaining: '40.5', held: '0', debt: '0' });
    expect(Object.fromEntries(grants.map(({ key, free }) => [key, formatAmount(free)]))).toEqual({ 'purchase/buy-2': '1', 'purchase/buy-4': '39.5' });
    expect(Object.fromEntries(Object.entries(totals).map(([total, amount]) => [total, formatAmount(amount)]))).toEqual({
      credited: '130', spent: '78', expired: '6.5', refundedOut: '5', purchased: '113.86',
    });
  });
});

describe('the stored catalog', () => {
  it('prices as it did when it was stored', () => {
    const facts = opened('catalog.v1', catalogEventDefinitions) as unknown as CatalogFact[];
    const catalog = facts.reduce<Catalog | undefined>(evolveCatalog, undefined) as Catalog;
    expect(catalog).toMatchObject({ name: 'sample', unit: 'USD', policies: { holdTtlMs: 900_000, refundValidDays: 30 } });
    expect(formatAmount(priceUsage(cardOf(catalog, 1), { model: 'chat', usage: { output_tokens: '1000' } }).cost)).toBe('1.5');
    expect(formatAmount(priceUsage(cardOf(catalog, 2), { model: 'clip', usage: { requests: '1' }, parameters: { resolution: '1080p' } }).cost)).toBe('3');
  });
});
