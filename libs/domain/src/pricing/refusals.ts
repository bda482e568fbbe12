import { BillingError, type Facts } from '#libs/kernel';

/** A refusal says what is allowed; a list in it is never longer than this, whatever the rate card's size. */
const MOST = 50;
const some = <T>(items: Iterable<T>): T[] => [...items].slice(0, MOST);
const listed = (items: readonly string[]): string => items.join(', ');

const unpriced = (detail: string, facts: Facts): BillingError => new BillingError('unpriced', 'unpriced_parameters', { detail, ...facts });

type Values = ReadonlyMap<string, readonly string[]>;
const valuesFact = (values: Values): Record<string, string[]> => Object.fromEntries(Array.from(values, ([name, allowed]) => [name, some(allowed)]));

/** What a model is priced by, as shown in a refusal. */
export interface Allowed {
  readonly name: string;
  readonly pricedMeters: readonly string[];
  readonly informationalMeters: readonly string[];
  readonly pricedParameters: Values;
  readonly informationalParameters: readonly string[];
}

/** @param models those most like it */
export const unknownModel = (model: string, models: readonly string[]): BillingError => {
  const detail = `the rate card has no such model${models.length > 0 ? `; the names most like it are ${listed(models)}` : ''}`;
  return new BillingError('unpriced', 'unknown_model', { detail, model, models });
};

export const unknownMeter = ({ name, pricedMeters, informationalMeters }: Allowed, unknown: string): BillingError =>
  unpriced(`${name} has no price for the meter ${unknown}; its meters are ${listed(pricedMeters)}`, { model: name, unknown: [unknown], meters: pricedMeters, informationalMeters });

export const unknownParameter = ({ name, pricedParameters, informationalParameters }: Allowed, unknown: string): BillingError =>
  unpriced(`${name} has no parameter ${unknown}`, { model: name, unknown: [unknown], parameters: valuesFact(pricedParameters), informationalParameters });

/** A price of nothing would hide that usage was forgotten; a meter stated as zero costs zero. */
export const nothingUsed = ({ name, pricedMeters }: Allowed): BillingError =>
  unpriced(`usage states none of the meters ${name} is priced by: ${listed(pricedMeters)}; state a zero where nothing was used`, { model: name, meters: pricedMeters });

interface Cells {
  readonly parameters: Values;
  readonly defaults: Readonly<Record<string, string>>;
  readonly cells: readonly Readonly<Record<string, string>>[];
}

/** No cell of a matrix matches: a parameter is missing, has a value without a price, or the values do not go together. */
export const noCell = (model: string, stated: Readonly<Record<string, string>>, { parameters, defaults, cells }: Cells): BillingError => {
  const given = { ...defaults, ...stated };
  const names = [...parameters.keys()];
  const missing = names.filter((name) => given[name] === undefined);
  const without = names.filter((name) => given[name] !== undefined && !parameters.get(name)?.includes(given[name]));
  const detail = missing.length > 0 ? `${model} is priced by ${listed(names)}; ${listed(missing)} is missing`
    : without.length > 0 ? `${model} has no price for ${without.map((name) => `${name} ${given[name]}`).join(', ')}`
    : `${model} has no price for ${names.map((name) => `${name} ${given[name]}`).join(' with ')}`;
  const together = missing.length + without.length === 0 ? { cells: some(cells) } : {};
  return unpriced(detail, { model, ...(missing.length > 0 ? { missing } : {}), parameters: valuesFact(parameters), ...together });
};

export const costTooLarge = (digits: number): BillingError => new BillingError('invalid', 'invalid_request', {
  detail: `usage: it would cost more than ${digits} digits before the point`, errors: [{ path: 'usage', message: 'too large' }],
});
