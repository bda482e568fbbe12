import { z } from 'zod';
import { closedObject, defineOperation, idField, textField } from '#libs/http';
import { instant, pageOf, position } from '../answers/fields.js';
import { BalanceAnswer } from '../answers/balance.js';
import { accountParams, cursorField, limitField } from '../requests/common.js';
import { BALANCE } from '../examples.js';

const isTimeZone = (name: string): boolean => {
  try {
    return Intl.DateTimeFormat('en-US', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
};

const accountMembers = {
  id: z.string(), catalog: z.string(), unit: z.string().meta({ description: 'What the account counts in, for ever.' }), scale: z.int().meta({ description: 'Digits after the point amounts may have.' }),
  billing: z.object({ mode: z.enum(['prepaid', 'postpaid']) }), timeZone: z.string(), openedAt: instant,
};
const AccountAnswer = z.object({ ...accountMembers, balance: BalanceAnswer, position }).meta({ id: 'Account' });

const LISTED = {
  id: 'acme', catalog: 'kyma', unit: 'USD', scale: 12, billing: { mode: 'prepaid' }, timeZone: 'UTC', openedAt: '2026-11-21T07:35:00.000Z',
  balance: { ...BALANCE, remaining: '0', available: '0', formatted: '$0.00' },
};
const EXAMPLE = { ...LISTED, position: 'MEBhY21l' };

export const openAccount = defineOperation({
  id: 'openAccount', tag: 'Accounts', method: 'POST', path: '/v1/accounts', needs: 'open',
  summary: 'Open an account',
  description: 'On a catalog, whose unit it counts in for ever. Opening it again with the same content changes nothing.',
  body: closedObject({
    id: idField.refine((id) => id !== 'me', '`me` stands for the account of an account key'),
    catalog: textField(64),
    billing: closedObject({ mode: z.enum(['prepaid']) }).default({ mode: 'prepaid' }),
    timeZone: z.string().regex(/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/, 'an IANA time zone such as Europe/Berlin').refine(isTimeZone, 'an IANA time zone such as Europe/Berlin').default('UTC'),
  }),
  bodyExamples: [{ summary: 'Prepaid', value: { id: 'acme', catalog: 'kyma', billing: { mode: 'prepaid' } } }],
  answers: { 201: { description: 'The account, open.', schema: AccountAnswer, example: EXAMPLE } },
  refusals: ['invalid_request', 'not_found', 'idempotency_conflict', 'log_unavailable'],
});

export const readAccount = defineOperation({
  id: 'readAccount', tag: 'Accounts', method: 'GET', path: '/v1/accounts/{accountId}', needs: 'read', minPosition: true,
  summary: 'Read an account', params: accountParams,
  answers: { 200: { description: 'The account and its balance.', schema: AccountAnswer, example: EXAMPLE } },
  refusals: ['invalid_request', 'not_found', 'projection_behind', 'database_unavailable'],
});

const listed = z.object({ ...accountMembers, balance: BalanceAnswer }).meta({ id: 'AccountListed' });

export const listAccounts = defineOperation({
  id: 'listAccounts', tag: 'Accounts', method: 'GET', path: '/v1/accounts', needs: 'read', minPosition: true,
  summary: 'List accounts', description: 'In the order of their ids.',
  query: closedObject({ catalog: textField(64).optional(), limit: limitField, cursor: cursorField }),
  answers: { 200: { description: 'A page of accounts.', schema: pageOf(listed), example: { items: [LISTED], nextCursor: null } } },
  refusals: ['invalid_request', 'projection_behind', 'database_unavailable'],
});
