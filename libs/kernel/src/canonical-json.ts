import { hash } from 'node:crypto';

/** JSON with keys in order and no spaces: two requests that mean the same give the same text. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
};

/** Tells two requests under one id apart: 132 bits of the SHA-256 of the canonical JSON, as 22 characters. */
export const fingerprint = (content: unknown): string => hash('sha256', canonicalJson(content), 'base64url').slice(0, 22);
