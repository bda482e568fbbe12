import type { SealedEvent } from '#libs/kernel';
import type { AccountFact } from '#libs/domain';
import { appendBytes, fitsOneAppend } from '#libs/event-log';

/** What one command led to: its facts, and the same facts sealed. */
export interface DecidedEvents {
  readonly facts: readonly Pick<AccountFact, 'type'>[];
  readonly events: readonly SealedEvent[];
}

/** What ended by itself. Each is a fact of its own, true whether or not anything after it is written. */
const isDue = ({ type }: Pick<AccountFact, 'type'>): boolean => type === 'HoldExpired' || type === 'PackExpired';

/** A warning goes with the fact that crossed its threshold: nobody would tell it later. */
const isWarning = ({ type }: Pick<AccountFact, 'type'>): boolean => type === 'BalanceThresholdCrossed';

/**
 * Cuts what a batch of commands led to into appends of at most `most` bytes, in order. What a command itself decided
 * stays together; it may be cut only between commands and after each thing that had ended, of which there may be very many
 * after a long stop. So whatever prefix of the appends is written, the account is in a state that it could have been in.
 * What cannot be cut and is still too large is left whole, for the log to refuse.
 */
export const appendsOf = (decided: readonly DecidedEvents[], most: number): (readonly SealedEvent[])[] => {
  const all = decided.flatMap(({ events }) => events);
  if (fitsOneAppend(all, most)) return [all];
  const appends: SealedEvent[][] = [];
  let bytes = Infinity;
  for (const piece of decided.flatMap(piecesOf)) {
    const more = appendBytes(piece);
    if (bytes + more > most) {
      appends.push([]);
      bytes = 0;
    }
    appends.at(-1)?.push(...piece);
    bytes += more;
  }
  return appends;
};

/** What must not be cut any further. */
const piecesOf = ({ facts, events }: DecidedEvents): SealedEvent[][] => {
  const pieces: SealedEvent[][] = [];
  let afterDue = true;
  facts.forEach((fact, at) => {
    if (isDue(fact) || (afterDue && !isWarning(fact))) pieces.push([]);
    afterDue = isDue(fact) || (afterDue && isWarning(fact));
    pieces.at(-1)?.push(events[at] as SealedEvent);
  });
  return pieces;
};
