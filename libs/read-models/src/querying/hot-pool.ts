import type { Pool } from 'pg';
import { createPool } from '#libs/postgres';

const CONNECTIONS = 6;
const STATEMENT_TIMEOUT_MS = 5_000;

/** Nest token of the pool for what is asked all the time: prepared look-ups by key, without the mapper. */
export const HOT_POOL = Symbol('HotPool');

/** A plan is kept from when its table was empty; it must not scan one that has grown since. */
const SESSION = '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off';

export const openHotPool = (url: string): Pool => {
  const settled = new URL(url);
  settled.searchParams.set('options', [settled.searchParams.get('options'), SESSION].filter(Boolean).join(' '));
  return createPool(settled.href, { name: 'meterbook look-ups', max: CONNECTIONS, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
};
