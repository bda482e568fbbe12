import { readFileSync } from 'node:fs';
import { formatAmount } from '#libs/money';
import { compileRateCard, normaliseUsage, priceUsage, type RateCard } from '../../pricing/index.js';
import { parseCatalog, type CatalogFile } from '../schema.js';

export const catalogText = (file: string): string => readFileSync(new URL(`../../../../../catalogs/${file}`, import.meta.url), 'utf8');

export const shippedCatalog = (name: string): CatalogFile => parseCatalog(JSON.parse(catalogText(`${name}.json`)));

export const cardOfFile = ({ name, scale, rounding, rateCard: { models } }: CatalogFile): RateCard =>
  compileRateCard({ catalog: name, version: 1, effectiveFrom: null, scale, rounding, models });

/** What a request costs by a card, as an answer would show it. */
export const pricedBy = (card: RateCard) =>
  (model: string, usage: Record<string, string | number>, parameters?: Record<string, string | number | boolean>): string =>
    formatAmount(priceUsage(card, normaliseUsage(model, usage, parameters)).cost);
