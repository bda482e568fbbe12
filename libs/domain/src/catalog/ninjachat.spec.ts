import { Decimal } from 'decimal.js';
import { cardOfFile, pricedBy, shippedCatalog } from './testing/shipped.js';

const catalog = shippedCatalog('ninjachat');
const card = cardOfFile(catalog);
const cost = pricedBy(card);

/** The document's tables: group, price of a request (an image, a video), models. */
const PRICES: readonly (readonly [string, string, readonly string[]])[] = [
  ['chat', '0.03', ['claude-opus-4.6']],
  ['chat', '0.015', ['claude-sonnet-4.6']],
  ['chat', '0.006', [
    'gpt-5', 'o3-mini', 'claude-sonnet-4.5', 'claude-haiku-4.5', 'gemini-2.5-pro', 'gemini-3-pro', 'gemini-3.1-pro', 'grok-4', 'kimi-k2',
    'mistral-large', 'llama-4-maverick', 'kimi-k2.5',
  ]],
  ['chat', '0.003', [
    'gpt-5-mini', 'gemini-2.5-flash', 'gemini-3-flash', 'llama-4-scout', 'deepseek-v3', 'qwq-32b', 'glm-5', 'minimax-m2.5', 'ninja-1', 'uncensored-ai',
  ]],
  ['images', '0.1', ['flux-kontext-max']],
  ['images', '0.08', ['flux-2-flex', 'flux-1-pro-ultra', 'recraft-v3', 'google-imagen-4', 'nano-banana-pro', 'seedream']],
  ['images', '0.05', ['flux-2-pro', 'flux-kontext-pro', 'nano-banana-2', 'flux-1-fill']],
  ['images', '0.03', ['flux-2-klein', 'nano-banana']],
  ['video', '5', ['runway-gen4.5', 'veo-3.1']],
  ['video', '3', ['runway-gen4-turbo', 'seedance-2', 'kling-video', 'google-veo-2', 'veo-3.1-fast', 'google-veo-3-fast']],
  ['search', '0.05', ['search']],
];
const ROWS = PRICES.flatMap(([group, price, models]) => models.map((model) => [model, price, group] as const));

describe('ninjachat', () => {
  it('sells exactly what its document prices', () => {
    expect(card.models.map(({ name, group }) => `${group} ${name}`).sort()).toEqual(ROWS.map(([model, , group]) => `${group} ${model}`).sort());
  });

  it.each(ROWS)('%s: %s', (model, price) => expect(cost(model, {})).toBe(price));

  it.each(ROWS.filter(([, , group]) => group === 'images'))('%s: n images are n × %s', (model, price) => {
    expect(cost(model, { images: 10 })).toBe(new Decimal(price).times(10).toFixed());
  });

  it('does not count tokens, only keeps them', () => {
    expect(cost('gpt-5', { input_tokens: 4_000, output_tokens: 900 })).toBe('0.006');
  });

  it('charges 100 conversations with gpt-5 $0.60, and 10,000 budget requests $30', () => {
    expect(cost('gpt-5', { requests: 100 })).toBe('0.6');
    expect(cost('deepseek-v3', { requests: 10_000 })).toBe('30');
  });

  it('counts in USD and shows credits of one cent, in packs that never expire', () => {
    expect(catalog).toMatchObject({ unit: 'USD', currency: 'USD', creditValue: '0.01' });
    expect(catalog.packs.map(({ title, amount, validities }) => [title, amount, validities])).toEqual([
      ['1,000 credits', '10', [{ id: 'lifetime', days: null, price: '10' }]],
      ['2,500 credits', '25', [{ id: 'lifetime', days: null, price: '25' }]],
      ['10,000 credits', '100', [{ id: 'lifetime', days: null, price: '100' }]],
    ]);
  });

  it('warns below $5.00, and critically at $1.00 or less', () => {
    expect(catalog.thresholds).toEqual([
      { warning: 'low_balance', operator: 'below', amount: '5' }, { warning: 'critical_low_balance', operator: 'at_or_below', amount: '1' },
    ]);
  });
});
