import { z } from 'zod';
import { BillingError } from '#libs/kernel';
import { amountField, closedObject, idField, instantField, textField, wholeNumberParam } from './fields.js';
import { parseWith } from './validation.js';

const errorsOf = (schema: z.ZodType, value: unknown): unknown => {
  try {
    parseWith(schema, value);
  } catch (error) {
    return (error as BillingError).facts.errors;
  }
  return [];
};

describe('validation', () => {
  it('names the path and what is allowed there', () => {
    const schema = closedObject({ a: closedObject({ b: z.array(idField) }) });
    expect(errorsOf(schema, { a: { b: ['x', 'y z'] } })).toEqual([{ path: 'a.b.1', message: '1 to 128 characters of A-Z a-z 0-9 . _ : -, and not . or ..' }]);
  });

  it('lists unknown members, at most 20 of them, with names cut short', () => {
    const errors = errorsOf(closedObject({ a: idField }), { a: 'x', ...Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`${'k'.repeat(200)}${n}`, 1])) }) as { path: string; message: string }[];
    expect(errors).toHaveLength(20);
    expect(errors[0]).toEqual({ path: 'k'.repeat(64), message: 'not known here; known are a' });
  });

  it('of several forms, explains the one that came closest', () => {
    const schema = z.union([z.string(), closedObject({ price: closedObject({ amount: amountField }) })]);
    expect(errorsOf(schema, { price: { amount: '-1' } })).toMatchObject([{ path: 'price.amount', message: expect.stringContaining('plain decimal') }]);
  });

  it.each([['1', []], [1, ['an amount is a string: "1"']], ['1e3', [expect.stringContaining('without sign or exponent')]], [undefined, ['required']]])('amount %j', (value, messages) => {
    expect((errorsOf(closedObject({ amount: amountField }), { amount: value }) as { message: string }[]).map(({ message }) => message)).toEqual(messages);
  });

  it.each([
    ['', z.string().min(1), 'at least 1 character'], ['abcd', z.string().max(3), 'at most 3 characters'], ['a', z.string().regex(/^b$/), 'text that matches /^b$/'],
    [0, z.int().min(1), 'at least 1'], [9, z.int().max(5), 'at most 5'], [0, z.number().positive(), 'more than 0'], [1.5, z.int(), 'a whole number'], [Infinity, z.number(), 'a number'],
    [[], z.array(z.string()).min(1), 'at least 1 item'], ['z', z.enum(['x', 'y']), 'one of x, y'], ['2', z.literal('1.0'), 'only "1.0"'], [Infinity, closedObject({}), 'an object'],
    [true, z.union([z.string(), z.number()]), 'in none of the forms known here'], [3, z.string(), 'text'], [null, z.boolean(), 'true or false'],
    [{ kind: 'r' }, z.discriminatedUnion('kind', [z.object({ kind: z.literal('p') }), z.object({ kind: z.literal('q') })]), 'one of p, q'],
    [{ a: 1 }, z.strictObject({}), 'not known here'], [{ b: 1 }, z.record(z.string().regex(/^a/), z.number()), 'text that matches /^a/'],
    [{}, z.object({ a: z.enum(['x', 'y']) }), 'required'],
  ])('says of %j what is allowed, in words of its own', (value, schema, message) => {
    expect((errorsOf(schema, value) as { message: string }[]).map((error) => error.message)).toEqual([message]);
  });

  it.each(['a\u0000b', '\ud800', 'line\nbreak', '', 'x'.repeat(11)])('text %j is refused', (text) => expect(errorsOf(textField(10), text)).toHaveLength(1));
  it.each(['naïve', '日本語', '💸 ok', "O'Neil"])('text %j is taken', (text) => expect(parseWith(textField(10), text)).toBe(text));

  it('brings times to UTC and milliseconds', () => {
    expect(parseWith(instantField, '2026-11-21T08:35:00+01:00')).toBe('2026-11-21T07:35:00.000Z');
    for (const text of ['2026-02-30T00:00:00Z', 'yesterday', '9999-12-31T23:59:59-23:59']) expect(errorsOf(instantField, text)).toHaveLength(1);
  });

  it('reads whole numbers within their bounds', () => {
    expect(parseWith(wholeNumberParam(1, 500), '500')).toBe(500);
    for (const text of ['0', '501', '1.5', '-1', '', '1e2', ' 1']) expect(errorsOf(wholeNumberParam(1, 500), text)).toHaveLength(1);
  });
});
