import { assert, nat, property, stringMatching } from 'fast-check';
import { parsePosition, positionToken } from './position.js';

describe('position tokens', () => {
  it('come back as they went', () => {
    assert(property(stringMatching(/^[A-Za-z0-9._:-]{1,128}$/), nat(), (accountId, revision) => {
      expect(parsePosition(positionToken(accountId, revision))).toEqual({ accountId, revision });
    }));
  });

  it.each(['', 'x', '!!!!', 'MUBhY21l=', Buffer.from('-1@acme').toString('base64url'), Buffer.from('1').toString('base64url'), Buffer.from('1@').toString('base64url'), Buffer.from('1@a b').toString('base64url'), Buffer.from('01@acme').toString('base64url'), 'A'.repeat(300)])('refuses %j', (token) => {
    expect(() => parsePosition(token)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});
