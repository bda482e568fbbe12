import type { SealedEvent } from '#libs/kernel';
import type { AccountFact } from '#libs/domain';
import { appendBytes, fitsOneAppend } from '#libs/event-log';

/** What one command led to. */
export interface DecidedFacts {
  readonly transition: { readonly facts: readonly Pick<AccountFact, 'type'>[] };
}

/** What ended by itself. Each is a fact of its own, true whether or not anything after it is written. */
const isDue = ({ type }: Pick<AccountFact, 'type'>): boolean => type === 'HoldExpired' || type === 'PackExpired';

/** A warning goes with the fact that crossed its threshold: nobody would tell it later. */
const isWarning = ({ type }: Pick<AccountFact, 'type'>): boolean => type === 'BalanceThresholdCrossed';

/**
 * Cuts the events that a batch of commands led to into appends of at most `most` bytes, in order. What a command itself decided
 * stays together; it may be cut only between commands and after each thing that had ended, of which there may be very many
 * after a long stop. So whatever prefix of the appends is written, the account is in a state that it could have been in.
 * What cannot be cut and is still too large is left whole, for the log to refuse.
 */
export const appendsOf = (decided: readonly DecidedFacts[], events: readonly SealedEvent[], most: number): (readonly SealedEvent[])[] => {
  if (fitsOneAppend(events, most)) return [events];
  const appends: SealedEvent[][] = [];
  let bytes = Infinity;
  let at = 0;
  for (const length of decided.flatMap(piecesOf)) {
    const piece = events.slice(at, at += length);
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

/** How many of a command's facts, one after the other, must not be cut any further. */
const piecesOf = ({ transition: { facts } }: DecidedFacts): number[] => {
  const pieces: number[] = [];
  let afterDue = true;
  for (const fact of facts) {
    const begins = isDue(fact) || (afterDue && !isWarning(fact));
    afterDue = isDue(fact) || (afterDue && isWarning(fact));
    if (begins) pieces.push(1);
    else pieces.push((pieces.pop() ?? 0) + 1);
  }
  return pieces;
};
