import { BillingError } from '#libs/kernel';
import { formatDecimal, parseDecimal } from '#libs/money';
import { isUsageName } from './names.js';

/** What was used, normalised: quantities as plain decimals without trailing zeros, parameters as text. */
export interface UsageRequest {
  readonly model: string;
  readonly usage: Readonly<Record<string, string>>;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

/** Most meters, and most parameters, of one request. */
export const MAX_USAGE_NAMES = 32;

const WHOLE = /^(?:0|[1-9][0-9]{0,17})$/;
const PLAIN = /^(-?)((?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?)$/;
/** What a parameter's value may be. */
export const PARAMETER_TEXT = /^[^\p{Cc}\p{Cs}]{1,128}$/u;

const invalid = (path: string, message: string): BillingError =>
  new BillingError('invalid', 'invalid_request', { detail: `${path}: ${message}`, errors: [{ path, message }] });

/**
 * A quantity in its one spelling: 8, "8" and "8.0" are "8".
 * @throws invalid/invalid_request unless it is a JSON integer or a plain decimal string, not negative
 */
const quantityText = (value: string | number, path: string): string => {
  if (typeof value === 'number') {
    // A JSON number with a fraction has already lost digits by the time we see it; text has not.
    if (!Number.isSafeInteger(value) || value < 0) throw invalid(path, 'a whole number that is not negative, or a decimal string');
    return String(value);
  }
  return WHOLE.test(value) ? value : formatDecimal(parseDecimal(value, path));
};

/**
 * A parameter's value in its one spelling: text as it is, numbers like quantities, `true` and `false`.
 * @throws invalid/invalid_request
 */
export const parameterText = (value: string | number | boolean, path: string): string => {
  const text = String(value);
  const [, sign, decimal] = PLAIN.exec(text) ?? [];
  if (decimal !== undefined) {
    const normal = formatDecimal(parseDecimal(decimal, path));
    return normal === '0' ? '0' : `${sign}${normal}`;
  }
  if (typeof value === 'number') throw invalid(path, 'a number without exponent; write others as text');
  if (!PARAMETER_TEXT.test(text)) throw invalid(path, 'text of 1 to 128 characters, none of them control characters');
  return text;
};

const normalise = <Value>(values: Readonly<Record<string, Value>>, member: string, textOf: (value: Value, path: string) => string): Readonly<Record<string, string>> => {
  const normal: Record<string, string> = {};
  let count = 0;
  for (const [name, value] of Object.entries(values)) {
    if ((count += 1) > MAX_USAGE_NAMES) throw invalid(member, `at most ${MAX_USAGE_NAMES} members`);
    if (!isUsageName(name)) throw invalid(member, `${JSON.stringify(name.slice(0, 64))} is no name; a lower-case letter, then letters, digits and _`);
    normal[name] = textOf(value, `${member}.${name}`);
  }
  return count === 0 ? NOTHING : normal;
};
const NOTHING: Readonly<Record<string, string>> = Object.freeze({});

/**
 * Brings usage as a caller states it into its one spelling, so that two requests that mean the same have the same
 * content. It knows no rate card: whether there is a price is found when it is priced.
 * @throws invalid/invalid_request with the path of what is wrong
 */
export const normaliseUsage = (
  model: string,
  usage: Readonly<Record<string, string | number>>,
  parameters?: Readonly<Record<string, string | number | boolean>>,
): UsageRequest => {
  const quantities = normalise(usage, 'usage', quantityText);
  const texts = parameters === undefined ? NOTHING : normalise(parameters, 'parameters', parameterText);
  return texts === NOTHING ? { model, usage: quantities } : { model, usage: quantities, parameters: texts };
};
