import { keyAndId } from './idempotency.js';

describe('idempotency keys', () => {
  it.each([
    ['the id alone is no key', undefined, 'buy-1', { id: 'buy-1' }],
    ['the key alone is both', 'k-1', undefined, { id: 'k-1', idempotencyKey: 'k-1' }],
    ['with both, each is its own', 'k-1', 'buy-1', { id: 'buy-1', idempotencyKey: 'k-1' }],
    ['quotes are taken off', '"k-1"', undefined, { id: 'k-1', idempotencyKey: 'k-1' }],
  ])('%s', (_, header, id, expected) => expect(keyAndId(header, id)).toEqual(expected));

  it('one of the two is needed', () => expect(() => keyAndId(undefined, undefined)).toThrow(expect.objectContaining({ code: 'idempotency_key_required' })));

  it.each(['', 'a b', '""', 'é', 'x'.repeat(129)])('refuses the key %j', (key) => expect(() => keyAndId(key, undefined)).toThrow(expect.objectContaining({ code: 'invalid_request' })));
});
