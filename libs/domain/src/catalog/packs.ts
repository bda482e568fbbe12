import { BillingError, type Facts } from '#libs/kernel';
import { readAmount, type Amount } from '#libs/money';
import type { Catalog } from './catalog.js';

/** What a purchase of a pack gives and costs. */
export interface Sale {
  readonly amount: Amount;
  readonly paid: { readonly amount: Amount; readonly currency: string };
  /** Null: for ever. */
  readonly validDays: number | null;
}

const notOnSale = (path: string, message: string, facts: Facts): BillingError =>
  new BillingError('invalid', 'invalid_request', { detail: `${path}: ${message}`, errors: [{ path, message }], ...facts });

/**
 * Looks a pack up; without a validity it is the pack's first.
 * @throws invalid/invalid_request saying what is on sale
 */
export const resolvePack = ({ name, currency, terms: { packs } }: Pick<Catalog, 'name' | 'currency' | 'terms'>, packId: string, validity?: string): Sale => {
  const pack = packs.find(({ id }) => id === packId);
  if (!pack) {
    const ids = packs.map(({ id }) => id);
    throw notOnSale('pack', ids.length === 0 ? `${name} sells no packs` : `${name} sells ${ids.join(', ')}`, { packs: ids });
  }
  const option = validity === undefined ? pack.validities[0] : pack.validities.find(({ id }) => id === validity);
  if (!option) {
    const ids = pack.validities.map(({ id }) => id);
    throw notOnSale('validity', `pack ${pack.id} is sold as ${ids.join(', ')}`, { validities: ids });
  }
  return { amount: readAmount(pack.amount), paid: { amount: readAmount(option.price), currency }, validDays: option.days };
};
