import { hash } from 'node:crypto';

/** JSON with keys in order and no spaces: two requests that mean the same give the same text. */
export const canonicalJson = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  let members = '';
  for (const key of Object.keys(value).sort()) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (member !== undefined) members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
};

/** Tells two requests under one id apart: 132 bits of the SHA-256 of the canonical JSON, as 22 characters. */
export const fingerprint = (content: unknown): string => hash('sha256', canonicalJson(content), 'base64url').slice(0, 22);
