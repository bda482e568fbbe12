import { BillingError } from '#libs/kernel';
import { OperatorTokens, parseOperatorTokens } from './operator-tokens.js';

const ADMIN = 'an-admin-token-0123';
const GATEWAY = 'a-gateway-token-0123';

describe('operator tokens', () => {
  it('a lone token is an admin\'s', () => expect(parseOperatorTokens(ADMIN)).toEqual([{ role: 'admin', token: ADMIN }]));

  it('several come with their roles', () => {
    expect(parseOperatorTokens(`admin:${ADMIN}, gateway:${GATEWAY}`)).toEqual([{ role: 'admin', token: ADMIN }, { role: 'gateway', token: GATEWAY }]);
  });

  it.each(['', 'short', `root:${ADMIN}`, `admin:${ADMIN},`, `admin:${ADMIN} x`, 'a'.repeat(513)])('refuses %j without repeating it', (setting) => {
    expect(() => parseOperatorTokens(setting)).toThrow(RangeError);
    try { parseOperatorTokens(setting); } catch (error) { expect((error as Error).message).not.toContain(ADMIN); }
  });

  const tokens = new OperatorTokens(parseOperatorTokens(`admin:${ADMIN},gateway:${GATEWAY}`));

  it('tells the role, the first time and again', () => {
    for (let time = 0; time < 2; time += 1) {
      expect(tokens.roleOf(`Bearer ${ADMIN}`)).toBe('admin');
      expect(tokens.roleOf(`bearer  ${GATEWAY}`)).toBe('gateway');
    }
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', `Basic ${ADMIN}`, `Bearer ${ADMIN}x`, `Bearer ${ADMIN.toUpperCase()}`, `Bearer ${ADMIN} ${GATEWAY}`, `Bearer ${'x'.repeat(600)}`])('refuses %j', (header) => {
    const refused = (): unknown => tokens.roleOf(header);
    expect(refused).toThrow(BillingError);
    expect(refused).toThrow(expect.objectContaining({ kind: 'unauthenticated', code: 'invalid_key' }));
  });
});
