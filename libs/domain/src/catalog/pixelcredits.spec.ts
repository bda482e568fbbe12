import { cardOfFile, pricedBy, shippedCatalog } from './testing/shipped.js';

const catalog = shippedCatalog('pixelcredits');
const card = cardOfFile(catalog);
const cost = pricedBy(card);

type Cell = readonly [parameters: Record<string, string | number>, credits: string];

/** A row that prices by seconds alone. */
const bySeconds = (...prices: (readonly [number, string])[]): Cell[] => prices.map(([durationSeconds, credits]) => [{ durationSeconds }, credits]);
/** A row that prices by resolution and seconds. */
const byBoth = (seconds: readonly number[], at720p: readonly string[], at1080p: readonly string[]): Cell[] =>
  ([['720p', at720p], ['1080p', at1080p]] as const).flatMap(([resolution, prices]) =>
    prices.map((credits, at): Cell => [{ resolution, durationSeconds: seconds[at] as number }, credits]));

const SORA = byBoth([4, 8, 12], ['5', '10', '20'], ['8', '15', '30']);
const WAN = byBoth([5, 10, 15], ['30', '60', '90'], ['45', '89', '133']);

/** The document's tables. */
const MODELS: Readonly<Record<string, readonly Cell[]>> = {
  'gpt-image-2': [[{}, '3']],
  'google/nano-banana': [[{}, '3']],
  'nano-banana-2': [[{ resolution: '1K' }, '4'], [{ resolution: '2K' }, '6'], [{ resolution: '4K' }, '8']],
  'nano-banana-pro': [[{ resolution: '2K' }, '12'], [{ resolution: '4K' }, '20']],
  'kling/v2-1-standard': bySeconds([5, '11'], [10, '22']),
  'kling/v2-1-pro': bySeconds([5, '21'], [10, '42']),
  'kling/v2-1-master-text-to-video': bySeconds([5, '67'], [10, '134']),
  'sora-2-text-to-video': SORA,
  'sora-2-pro-text-to-video': byBoth([4, 8, 12], ['16', '32', '64'], ['24', '48', '96']),
  'sora-2-image-to-video': SORA,
  'hailuo/02-text-to-video-standard': bySeconds([5, '13'], [10, '21']),
  'hailuo/02-text-to-video-pro': bySeconds([5, '24'], [10, '48']),
  'hailuo/02-image-to-video-standard': bySeconds([5, '13'], [10, '21']),
  'hailuo/02-image-to-video-pro': bySeconds([5, '24'], [10, '48']),
  veo3_fast: [[{}, '9'], [{ durationSeconds: 8 }, '9']],
  veo3: [[{}, '63'], [{ durationSeconds: 8 }, '63']],
  veo3_lite: [[{}, '5'], [{ durationSeconds: 8 }, '5']],
  'wan/2-6-text-to-video': WAN,
  'wan/2-6-image-to-video': WAN,
  'bytedance/seedance-1.5-pro': byBoth([5, 10], ['18', '36'], ['27', '54']),
};
const ROWS = Object.entries(MODELS).flatMap(([model, cells]) => cells.map(([parameters, credits]) => [model, parameters, credits] as const));

const unpriced = (facts: object): Error => expect.objectContaining({ kind: 'unpriced', code: 'unpriced_parameters', facts: expect.objectContaining(facts) });

describe('pixelcredits', () => {
  it('sells exactly what its document prices', () => expect(card.models.map(({ name }) => name)).toEqual(Object.keys(MODELS)));

  it.each(ROWS)('%s with %j: %s credits', (model, parameters, credits) => {
    expect(cost(model, {}, parameters)).toBe(credits);
    expect(cost(model, { requests: 1 }, { ...parameters, aspectRatio: '16:9' })).toBe(credits);
    expect(cost(model, { requests: 3 }, parameters)).toBe(`${3 * Number(credits)}`);
  });

  it('has a price for every cell of a row, and for no other', () => {
    const prices = card.models.flatMap(({ source }) => source.components).map((component) => (component.kind === 'matrix' ? component.cells.length : 1));
    expect(prices.reduce((sum, count) => sum + count)).toBe(ROWS.length - 3); // the 8-second clips stand twice above
  });

  it('charges 15 credits for sora-2 at 1080p and 8 seconds', () => {
    expect(cost('sora-2-text-to-video', { requests: 1 }, { resolution: '1080p', durationSeconds: 8 })).toBe('15');
    expect(cost('sora-2-text-to-video', { requests: '1.0' }, { resolution: '1080p', durationSeconds: '8.0' })).toBe('15');
  });

  it('refuses what no cell prices, saying what is allowed', () => {
    expect(() => cost('sora-2-text-to-video', {}, { resolution: '1080p' })).toThrow(unpriced({ missing: ['durationSeconds'] }));
    expect(() => cost('sora-2-text-to-video', {}, { resolution: '4K', durationSeconds: 8 }))
      .toThrow(unpriced({ parameters: { resolution: ['720p', '1080p'], durationSeconds: ['4', '8', '12'] } }));
    expect(() => cost('kling/v2-1-pro', { seconds: 5 })).toThrow(unpriced({ unknown: ['seconds'], meters: ['requests'] }));
    expect(() => cost('veo3', {}, { durationSeconds: 16 })).toThrow(unpriced({ parameters: { durationSeconds: ['8'] } }));
  });

  it('marks the prices whose durations the document does not name', () => {
    expect(card.models.filter(({ source }) => source.assumed !== undefined).map(({ name }) => name)).toEqual([
      'sora-2-text-to-video', 'sora-2-pro-text-to-video', 'sora-2-image-to-video', 'wan/2-6-text-to-video', 'wan/2-6-image-to-video', 'bytedance/seedance-1.5-pro',
    ]);
  });

  it('counts in whole credits', () => expect(catalog).toMatchObject({ unit: 'credit', scale: 0, rounding: 'up', packs: [] }));
});
