export type { BreakdownLine } from './component.js';
export type { PriceComponent } from './components/index.js';
export { REQUESTS } from './quantity.js';
export { modelsSchema, type ModelPrice, type PricedModel } from './model.js';
export { priceUsage, type Priced } from './price-usage.js';
export { compileRateCard, modelOf, type RateCard, type RateCardSource } from './rate-card.js';
export { MAX_USAGE_NAMES, normaliseUsage, type UsageRequest } from './usage.js';
