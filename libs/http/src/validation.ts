import type { z } from 'zod';
import { BillingError } from '#libs/kernel';
import { inOurWords } from './wording.js';

/** A place in a request and what is allowed there. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

const MOST_ERRORS = 20;
const MOST_OF_A_NAME = 64;

type Issue = z.core.$ZodIssue;

/** Of a member that may be several things, the one that came closest speaks: the one that got furthest into the value. */
const closest = (branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined =>
  branches.toSorted((a, b) => (b[0]?.path.length ?? 0) - (a[0]?.path.length ?? 0))[0];

const pathOf = (path: readonly PropertyKey[]): string => path.map((part) => String(part).slice(0, MOST_OF_A_NAME)).join('.');

const flatten = (issue: Issue, above: readonly PropertyKey[]): FieldError[] => {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.slice(0, MOST_ERRORS).map((key) => ({ path: pathOf([...path, key]), message: issue.message }));
  if (issue.code === 'invalid_union') {
    const branch = closest(issue.errors);
    if (branch && branch.length > 0 && (branch[0] as Issue).path.length > 0) return branch.flatMap((inner) => flatten(inner, path));
  }
  if (issue.code === 'invalid_key') return issue.issues.flatMap((inner) => flatten(inner, path));
  return [{ path: pathOf(path), message: issue.message }];
};

/** The list of paths that an `invalid_request` shows. */
const fieldErrors = (issues: readonly Issue[]): FieldError[] => issues.slice(0, MOST_ERRORS).flatMap((issue) => flatten(issue, [])).slice(0, MOST_ERRORS);

const invalid = (errors: readonly FieldError[]): BillingError => {
  const [{ path, message } = { path: '', message: 'not what this path takes' }] = errors;
  return new BillingError('invalid', 'invalid_request', { detail: path ? `${path}: ${message}` : message, errors });
};

/** Looks at a value that was refused once more, for the messages: making them up for every value that is valid costs more than the check. */
const refusalOf = (schema: z.ZodType, value: unknown): BillingError => invalid(fieldErrors(schema.safeParse(value, { error: inOurWords }).error?.issues ?? []));

/** @throws invalid/invalid_request with the places that are wrong */
export const parseWith = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw refusalOf(schema, value);
  return parsed.data;
};

/** Fastify's part: runs a route's schemas before its handler, so that a handler sees only what is valid. No body counts as an empty object. */
export const validatorCompiler = ({ schema }: { readonly schema: z.ZodType }) => (value: unknown): { value: unknown } | { error: Error } => {
  const given = value ?? {};
  const parsed = schema.safeParse(given);
  return parsed.success ? { value: parsed.data } : { error: refusalOf(schema, given) };
};
