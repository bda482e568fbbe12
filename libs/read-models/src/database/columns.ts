import type { ValueTransformer } from 'typeorm';
import type { Instant } from '#libs/kernel';
import { timestamp } from './copy.js';

/** The engine's instants are text (see kernel); the driver's are dates. */
export const instantColumn: ValueTransformer = {
  from: (date: Date | null): Instant | null => date && date.toISOString(),
  to: (instant: Instant | null): string | null => instant && timestamp(instant),
};
