import { BillingError } from '#libs/kernel';
import { invalidRequest } from './problem.js';

export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';
export const REPLAYED_HEADER = 'Idempotent-Replayed';

const KEY = /^[A-Za-z0-9._:-]{1,128}$/;
/** The header's draft writes its value as a quoted string; most clients send it bare. */
const unquoted = (value: string): string => /^"(.*)"$/.exec(value)?.[1] ?? value;

/**
 * Under which id what a command makes is found, and under which key it counts. The key is the id too where no other is
 * given; an id alone is enough to act once, and uses up no key.
 * @throws invalid/idempotency_key_required when there is neither
 */
export const keyAndId = (header: string | readonly string[] | undefined, id: string | undefined): { id: string; idempotencyKey?: string } => {
  if (header === undefined) {
    if (id !== undefined) return { id };
    throw new BillingError('invalid', 'idempotency_key_required', { detail: 'send an Idempotency-Key header or an id in the body, so that a retry cannot act twice' });
  }
  const key = typeof header === 'string' ? unquoted(header) : '';
  if (!KEY.test(key)) throw invalidRequest('Idempotency-Key', '1 to 128 characters of A-Z a-z 0-9 . _ : -');
  return { id: id ?? key, idempotencyKey: key };
};
