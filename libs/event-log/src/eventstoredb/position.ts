import type { Position } from '../event-log.js';

/** As many as an unsigned number of 64 bits has. */
const DIGITS = 20;

/** An event's place: byte offsets in that database's log, of its transaction's commit and of itself; other databases give others. */
export interface LogPosition {
  readonly commit: string;
  readonly prepare: string;
}

const padded = (offset: number | string): string => String(offset).padStart(DIGITS, '0');

/** Both offsets are kept: the commit's alone may stand for several events. */
export const positionOf = (commit: number | string, prepare: number | string): Position => `${padded(commit)}/${padded(prepare)}`;

export const offsetsOf = (position: Position): LogPosition => {
  const [commit = '', prepare = ''] = position.split('/').map((offset) => BigInt(offset).toString());
  return { commit, prepare };
};
