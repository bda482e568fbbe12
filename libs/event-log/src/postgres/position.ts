import type { Position } from '../event-log.js';

/** Positions are numbers from 1 in the table, counted without gaps in commit order; 16 digits are all that a number holds exactly. */
const DIGITS = 16;

export const positionOf = (number: number | string): Position => String(number).padStart(DIGITS, '0');

/** 0 stands before the first event. */
export const numberOf = (position: Position | undefined): number => (position === undefined ? 0 : Number(position));
