export * from './amount.js';
export * from './decimal.js';
export * from './unit.js';
