import { applyDecorators, HttpCode, RequestMapping, RequestMethod } from '@nestjs/common';
import { RouteConfig, RouteSchema } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { closedObject } from './fields.js';
import type { ProblemCode } from './problem-codes.js';
import type { Permission } from './roles.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route does; undefined only for the pages of the API document. */
    operation?: Operation;
  }
}

export interface AnswerDocument {
  readonly description: string;
  readonly schema: z.ZodType;
  readonly example: unknown;
  /** Media types the same rows are also sent as. */
  readonly alsoAs?: readonly string[];
}

export interface BodyExample {
  readonly summary: string;
  readonly value: unknown;
}

/** A path and method of the API: what is checked before its handler runs, and what the API document says of it, in one. */
export interface Operation<Params extends z.ZodType = z.ZodType, Query extends z.ZodType = z.ZodType, Body extends z.ZodType = z.ZodType> {
  /** Name in client code generated from the document. */
  readonly id: string;
  readonly tag: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** With parameters as `{name}`. */
  readonly path: `/${string}`;
  /** Left out: open to all. */
  readonly needs?: Permission;
  readonly summary: string;
  readonly description?: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** Nothing in the body is needed, so none at all will do. Left out: a body is needed, if only one of several members. */
  readonly bodyOptional?: true;
  /** What the document says of the body, where its parts are checked one by one. */
  readonly documentedBody?: z.ZodType;
  readonly bodyExamples?: readonly BodyExample[];
  /** Content types of the body besides application/json. */
  readonly bodyAlsoAs?: readonly string[];
  /** Takes an `Idempotency-Key` header. */
  readonly idempotencyKey?: true;
  /** Takes a `Meterbook-Min-Position` header. */
  readonly minPosition?: true;
  /** By status; the lowest is what a handler's return is sent with unless it says otherwise. */
  readonly answers: Readonly<Partial<Record<200 | 201 | 202 | 503, AnswerDocument>>>;
  /** Besides those every path may answer (400, 401, 403, 500, 503), and with a body 413 and 415. */
  readonly refusals?: readonly ProblemCode[];
}

type OutputOf<Schema> = Schema extends z.ZodType ? z.output<Schema> : unknown;

/** A request whose parts have passed an operation's schemas. */
export type RequestOf<Of extends Operation> = FastifyRequest<{
  Params: OutputOf<Of['params']>; Querystring: OutputOf<Of['query']>; Body: OutputOf<Of['body']>;
}>;

export const defineOperation = <const Of extends Operation>(operation: Of): Of => operation;

/** `/v1/accounts/{accountId}` as Fastify writes it: `/v1/accounts/:accountId`. */
const routerPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

/** Whoever sends `?dryRun=true` to an operation that has no dry run must not find it done. */
const NO_QUERY = closedObject({});

const METHODS = { GET: RequestMethod.GET, POST: RequestMethod.POST, PUT: RequestMethod.PUT } as const;

/** Binds a controller's method to an operation. */
export const Handles = (operation: Operation): MethodDecorator => {
  const { method, path, params, query = NO_QUERY, body, answers } = operation;
  return applyDecorators(
    RequestMapping({ method: METHODS[method], path: routerPath(path) }),
    HttpCode(Number(Object.keys(answers)[0])),
    RouteConfig({ operation }),
    RouteSchema({ ...(params && { params }), querystring: query, ...(body && { body }) }),
  );
};

/** Something is new, and found at this path from now on. */
export const created = (reply: FastifyReply, path: string): void => {
  reply.code(201).header('Location', path);
};
