import { instantOf, type Instant } from './instant.js';

/** The wall clock, passed in wherever time matters so that tests choose it. */
export type Clock = () => Instant;

export const systemClock: Clock = () => instantOf(Date.now());
