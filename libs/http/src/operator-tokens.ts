import { hash, timingSafeEqual } from 'node:crypto';
import { BillingError } from '#libs/kernel';
import { ROLES, type Role } from './roles.js';

export interface OperatorToken {
  readonly role: Role;
  readonly token: string;
}

/** What RFC 6750 allows in a bearer token; no comma and no colon, which divide tokens in the setting. Long enough not to be guessed. */
const TOKEN = /^[A-Za-z0-9._~+/=-]{16,512}$/;
const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);

/**
 * Reads a setting: one token (an admin's), or `role:token,role:token`.
 * @throws RangeError, a sentence for the operator that does not repeat a token
 */
export const parseOperatorTokens = (setting: string): OperatorToken[] => setting.split(',').map((entry, at) => {
  const text = entry.trim();
  const colon = text.indexOf(':');
  const role = colon < 0 ? 'admin' : text.slice(0, colon);
  const token = text.slice(colon + 1);
  if (!isRole(role)) throw new RangeError(`operator token ${at + 1}: its role is one of ${ROLES.join(', ')}`);
  if (!TOKEN.test(token)) throw new RangeError(`operator token ${at + 1}: 16 to 512 characters of A-Z a-z 0-9 . _ ~ + / = -`);
  return { role, token };
});

const BEARER = /^bearer +([^\s]{1,512})$/i;
const digest = (token: string): Buffer => hash('sha256', token, 'buffer');

const invalidKey = (detail: string): BillingError => new BillingError('unauthenticated', 'invalid_key', { detail });

const MOST_SEEN = 64;

/** Tells whose a bearer token is. It is compared by its digest with all that are known, whatever matches, so that time tells nothing. */
export class OperatorTokens {
  private readonly known: readonly { readonly role: Role; readonly digest: Buffer }[];
  /** Headers that were found good. A map finds by a hash of the whole header, so here too a token that is nearly right is as wrong as any. */
  private readonly seen = new Map<string, Role>();

  constructor(tokens: readonly OperatorToken[]) {
    this.known = tokens.map(({ role, token }) => ({ role, digest: digest(token) }));
  }

  /** @throws unauthenticated/invalid_key */
  roleOf(authorization: string | undefined): Role {
    if (authorization === undefined) throw invalidKey('send Authorization: Bearer <operator token>');
    const seen = this.seen.get(authorization);
    if (seen !== undefined) return seen;
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw invalidKey('the Authorization header is not of the form Bearer <operator token>');
    const role = this.find(digest(token));
    if (role === undefined) throw invalidKey('this token is not known');
    if (this.seen.size < MOST_SEEN) this.seen.set(authorization, role);
    return role;
  }

  private find(shown: Buffer): Role | undefined {
    let found: Role | undefined;
    for (const { role, digest: known } of this.known) if (timingSafeEqual(known, shown)) found ??= role;
    return found;
  }
}
