import * as fc from 'fast-check';
import { formatAmount, readAmount } from '#libs/money';
import { normaliseUsage, priceUsage } from '../pricing/index.js';
import { cardOf, catalogFile, evolveCatalog, versionAt, type Catalog } from './catalog.js';
import { transitionCatalog, type CatalogCommand, type CatalogTransition } from './decide.js';
import { catalogEventDefinitions, type CatalogFact } from './events.js';
import { resolvePack } from './packs.js';
import { DEFAULT_POLICIES } from './policies.js';
import { modelsAt, smallCatalog } from './testing/small-catalog.js';
import { warningAt } from './thresholds.js';

const NOW = '2026-11-21T08:00:00.000Z';
const importing = (changes: object = {}): CatalogCommand => ({ type: 'ImportCatalog', file: smallCatalog(changes) });
const publishing = (id: string, effectiveFrom: string, price: string): CatalogCommand => ({ type: 'PublishRateCard', id, effectiveFrom, models: modelsAt(price) });

const run = (commands: readonly CatalogCommand[], now = NOW): CatalogTransition => {
  let catalog: Catalog | undefined;
  let last: CatalogTransition | undefined;
  for (const command of commands) {
    last = transitionCatalog(catalog, command, { now });
    catalog = last.catalog;
  }
  return last as CatalogTransition;
};
const types = ({ facts }: CatalogTransition): string[] => facts.map(({ type }) => type);
const conflict = (code: string): Error => expect.objectContaining({ kind: 'conflict', code });
const chatAt = (catalog: Catalog, instant: string): string => formatAmount(priceUsage(versionAt(catalog, instant), normaliseUsage('chat', {})).cost);

describe('importing a catalog', () => {
  it('brings it in with its first rate card, in force since for ever', () => {
    const imported = run([importing()]);
    expect(types(imported)).toEqual(['CatalogImported', 'RateCardPublished']);
    expect(imported.outcome).toEqual({ kind: 'imported' });
    expect(imported.catalog).toMatchObject({ revision: 1, name: 'small', unit: 'USD', currency: 'USD', scale: 12, rounding: 'half_up' });
    expect(versionAt(imported.catalog, '0001-01-01T00:00:00.000Z').version).toBe(1);
  });

  it('changes nothing when it is there with the same content, however it is spelled', () => {
    const again = run([importing(), importing({ packs: [{ id: 'ten', amount: '10.00', validities: [{ id: '30d', days: 30, price: '10' }, { id: 'lifetime', days: null, price: '15.0' }] }] })]);
    expect(again).toMatchObject({ facts: [], outcome: { kind: 'unchanged' } });
  });

  it('replaces packs, thresholds and policies', () => {
    const changed = run([importing(), importing({ packs: [], policies: { holdTtlSeconds: 60 } })]);
    expect(types(changed)).toEqual(['CatalogChanged']);
    expect(changed.outcome).toEqual({ kind: 'changed' });
    expect(changed.catalog.policies).toEqual({ ...DEFAULT_POLICIES, holdTtlMs: 60_000 });
    expect(changed.catalog.terms.packs).toEqual([]);
    expect(changed.catalog.versions).toHaveLength(1);
  });

  it('refuses other prices: those are published', () => {
    expect(() => run([importing(), importing({ rateCard: { models: modelsAt('0.02') } })])).toThrow(conflict('state_conflict'));
  });

  it('takes a file again after prices have moved on, and the file with the new prices too', () => {
    const published = [importing(), publishing('v2', NOW, '0.02')];
    expect(run([...published, importing()]).facts).toEqual([]);
    expect(run([...published, importing({ rateCard: { models: modelsAt('0.02') } })]).facts).toEqual([]);
  });

  it.each([{ unit: 'EUR', currency: 'EUR' }, { unit: 'credit' }, { scale: 6 }, { rounding: 'up' }])('never changes what amounts mean: %j', (changes) => {
    expect(() => run([importing(), importing(changes)])).toThrow(conflict('state_conflict'));
  });

  it('can be undone by importing what a catalog was', () => {
    const { catalog } = run([importing(), importing({ packs: [] }), importing()]);
    expect(catalog.terms).toEqual(run([importing()]).catalog.terms);
  });

  it('gives back the file that would import it', () => {
    const { catalog } = run([importing()]);
    expect(catalogFile(catalog, { models: modelsAt('0.01') })).toEqual(smallCatalog());
  });
});

describe('publishing a rate card', () => {
  it('adds a version that is in force from its instant on', () => {
    const { facts, outcome, catalog } = run([importing(), publishing('rise', '2027-01-01T00:00:00.000Z', '0.02')]);
    expect(facts).toEqual([expect.objectContaining({ type: 'RateCardPublished', recordedAt: NOW, data: expect.objectContaining({ version: 2 }) })]);
    expect(outcome).toEqual({ kind: 'published', version: 2, repeated: false });
    expect(chatAt(catalog, '2026-12-31T23:59:59.999Z')).toBe('0.01');
    expect(chatAt(catalog, '2027-01-01T00:00:00.000Z')).toBe('0.02');
  });

  it('keeps every version', () => {
    const { catalog } = run([importing(), publishing('rise', NOW, '0.02')]);
    expect([cardOf(catalog, 1), cardOf(catalog, 2)].map(({ version, effectiveFrom }) => [version, effectiveFrom])).toEqual([[1, null], [2, NOW]]);
    for (const version of [0, 3, 1.5]) expect(() => cardOf(catalog, version)).toThrow(expect.objectContaining({ kind: 'not_found' }));
  });

  it('may be for the past', () => {
    const { catalog } = run([importing(), publishing('rise', '2026-06-01T00:00:00.000Z', '0.02'), publishing('correction', '2026-03-01T00:00:00.000Z', '0.03')]);
    expect(['2026-02-01', '2026-04-01', '2026-07-01'].map((day) => chatAt(catalog, `${day}T00:00:00.000Z`))).toEqual(['0.01', '0.03', '0.02']);
  });

  it('prefers the later published of two that begin together', () => {
    const { catalog } = run([importing(), publishing('typo', NOW, '0.2'), publishing('right', NOW, '0.02')]);
    expect(chatAt(catalog, NOW)).toBe('0.02');
  });

  it('happens once under an id', () => {
    const once = [importing(), publishing('rise', NOW, '0.02'), publishing('fall', NOW, '0.01')];
    expect(run([...once, publishing('rise', NOW, '0.02')])).toMatchObject({ facts: [], outcome: { kind: 'published', version: 2, repeated: true } });
    expect(() => run([...once, publishing('rise', NOW, '0.03')])).toThrow(conflict('idempotency_conflict'));
    expect(() => run([...once, publishing('rise', '2027-01-01T00:00:00.000Z', '0.02')])).toThrow(conflict('idempotency_conflict'));
  });

  it('needs a catalog', () => expect(() => run([publishing('rise', NOW, '0.02')])).toThrow(expect.objectContaining({ kind: 'not_found' })));

  it('has the version in force that a plain search finds', () => {
    const instants = fc.integer({ min: 1, max: 9 }).map((month) => `2026-0${month}-01T00:00:00.000Z`);
    fc.assert(fc.property(fc.array(instants, { maxLength: 12 }), instants, (published, at) => {
      const { catalog } = run([importing(), ...published.map((effectiveFrom, n) => publishing(`p${n}`, effectiveFrom, '0.02'))]);
      let expected = { version: 1, effectiveFrom: '' };
      for (const [n, effectiveFrom] of published.entries()) {
        if (effectiveFrom <= at && effectiveFrom >= expected.effectiveFrom) expected = { version: n + 2, effectiveFrom };
      }
      expect(versionAt(catalog, at).version).toBe(expected.version);
    }));
  });
});

describe('a catalog\'s events', () => {
  const commands = [importing(), publishing('rise', NOW, '0.02'), importing({ packs: [] })];

  it('fold to the same catalog when read back', () => {
    let catalog: Catalog | undefined;
    const stored: string[] = [];
    for (const command of commands) {
      const next = transitionCatalog(catalog, command, { now: NOW });
      stored.push(...next.facts.map((fact) => JSON.stringify(fact)));
      catalog = next.catalog;
    }
    const folded = stored.map((text) => JSON.parse(text) as CatalogFact).reduce<Catalog | undefined>(evolveCatalog, undefined);
    expect(JSON.stringify(folded, asText)).toBe(JSON.stringify(catalog, asText));
  });

  it('are as they are declared', () => {
    for (const at of commands.keys()) {
      for (const { type, data } of run(commands.slice(0, at + 1)).facts) expect(catalogEventDefinitions.get(type)?.data.parse(data)).toEqual(data);
    }
  });

  it('never run backwards in time', () => {
    const { catalog } = run([importing()], NOW);
    const { facts } = transitionCatalog(catalog, publishing('rise', NOW, '0.02'), { now: '2026-11-21T07:00:00.000Z' });
    expect(facts[0]?.recordedAt).toBe(NOW);
  });
});

const asText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

describe('packs', () => {
  const { catalog } = run([importing()]);

  it('are sold for their first validity unless a purchase asks for another', () => {
    expect(resolvePack(catalog, 'ten')).toEqual({ amount: readAmount('10'), paid: { amount: readAmount('10'), currency: 'USD' }, validDays: 30 });
    expect(resolvePack(catalog, 'ten', 'lifetime')).toEqual({ amount: readAmount('10'), paid: { amount: readAmount('15'), currency: 'USD' }, validDays: null });
  });

  it('that are not on sale are refused with what is', () => {
    const refused = (path: string, facts: object): Error => expect.objectContaining({
      kind: 'invalid', code: 'invalid_request', facts: expect.objectContaining({ ...facts, errors: [expect.objectContaining({ path })] }),
    });
    expect(() => resolvePack(catalog, 'eleven')).toThrow(refused('pack', { packs: ['ten'] }));
    expect(() => resolvePack(catalog, 'ten', '90d')).toThrow(refused('validity', { validities: ['30d', 'lifetime'] }));
    expect(() => resolvePack(run([importing({ packs: [] })]).catalog, 'ten')).toThrow(refused('pack', { packs: [] }));
  });
});

describe('low-balance warnings', () => {
  const { thresholds } = run([importing()]).catalog;

  it.each([['5', undefined], ['4.999999999999', 'low_balance'], ['1.000000000001', 'low_balance'], ['1', 'critical_low_balance'], ['0', 'critical_low_balance'], ['-3', 'critical_low_balance']])(
    'at %s: %s', (available, warning) => expect(warningAt(thresholds, readAmount(available))?.warning).toBe(warning),
  );
});
