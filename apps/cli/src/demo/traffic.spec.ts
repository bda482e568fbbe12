import { compileRateCard, normaliseUsage, priceUsage, type CatalogFile, type RateCard } from '#libs/domain';
import { shippedCatalogs } from '../../../api/src/start/shipped-catalogs.js';
import { personas } from './personas.js';
import { Random } from './random.js';
import { liveRequest, requestsOfDay, scaled } from './traffic.js';

const TODAY = '2026-11-21T10:00:00.000Z';

const cardOf = ({ name, scale, rounding, rateCard: { models } }: CatalogFile): RateCard =>
  compileRateCard({ catalog: name, version: 1, effectiveFrom: null, scale, rounding, models });

describe('the demo\'s traffic', () => {
  it.each(personas.map((persona) => [persona.name, persona] as const))('is priced by the shipped catalog: %s', async (_name, persona) => {
    const file = (await shippedCatalogs()).find(({ name }) => name === persona.catalog) as CatalogFile;
    const card = cardOf(file);
    const random = new Random(persona.name);
    for (let n = 0; n < 500; n += 1) {
      const { estimate, actual } = liveRequest(persona, random);
      for (const { model, usage, parameters } of [estimate, actual, scaled(actual, 0.5)]) {
        expect(() => priceUsage(card, normaliseUsage(model, usage, parameters))).not.toThrow();
      }
    }
    const { pack } = persona.purchase;
    expect(pack === undefined || file.packs.some(({ id }) => id === pack)).toBe(true);
  });

  it('is the same for the same seed, and other for another', () => {
    const [persona] = personas;
    if (!persona) throw new Error('no persona');
    const day = (seed: string) => requestsOfDay(persona, 3, TODAY, new Random(seed));
    expect(day('1')).toEqual(day('1'));
    expect(day('1')).not.toEqual(day('2'));
  });

  it('lies within its day, in order, under ids of its own', () => {
    for (const persona of personas) {
      const requests = requestsOfDay(persona, 3, TODAY, new Random('1'));
      expect(requests.every(({ time }) => time.startsWith('2026-11-18'))).toBe(true);
      expect(requests.map(({ time }) => time)).toEqual(requests.map(({ time }) => time).sort());
      expect(new Set(requests.map(({ id }) => id)).size).toBe(requests.length);
    }
  });

  it('ends holds in every way there is', () => {
    const random = new Random('1');
    const [persona] = personas;
    const endings = new Set(Array.from({ length: 500 }, () => persona && liveRequest(persona, random).ending));
    expect(endings).toEqual(new Set(['above', 'below', 'failed', 'increased', 'open', 'partial']));
  });
});
