import { fingerprint } from '#libs/kernel';
import { answeredBy, asItStands, type Result } from '../answers.js';
import type { OpenAccount } from '../commands.js';
import { record } from '../draft.js';
import type { Given } from './rule.js';
import { idempotencyConflict } from './refusals.js';

/**
 * Opens an account on a catalog, whose unit it counts in for ever. Opening it again with the same content changes nothing.
 * @throws conflict/idempotency_conflict when it is open with other content
 */
export const openAccount = ({ mode, timeZone }: OpenAccount, { draft, at, catalog }: Omit<Given, 'terms'>): Result => {
  const { name, unit, scale } = catalog;
  const content = fingerprint({ catalog: name, mode, timeZone });
  const { terms } = draft.account;
  if (terms && terms.fingerprint !== content) throw idempotencyConflict('this account id');
  if (terms) return asItStands(draft, undefined);
  return answeredBy(record(draft, 'AccountOpened', { catalog: name, unit, scale, mode, timeZone, fingerprint: content }, at));
};
