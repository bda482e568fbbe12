import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { isTraceparent, type Cause } from '#libs/kernel';
import type { Role } from './roles.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The role of who calls; undefined on paths that are open to all. */
    role: Role | undefined;
    /** The trace that this request is recorded in; undefined where it is not. */
    traceparent: string | undefined;
  }
}

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** The caller's own request id where it is one that can be stored and logged as it is, else a new one. */
export const requestIdOf = ({ headers }: Pick<IncomingMessage, 'headers'>): string => {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
};

type Asking = Pick<FastifyRequest, 'id' | 'role' | 'headers' | 'traceparent'>;

/** The trace that a request belongs to: its own span, or what the caller sent. One that is not well-formed is dropped, as its specification asks. */
export const traceOf = ({ traceparent, headers }: Asking): string | undefined => traceparent ?? (isTraceparent(headers.traceparent) ? headers.traceparent : undefined);

/** Where a command comes from, for the events it leads to. */
export const originOf = (request: Asking): Pick<Cause, 'actor' | 'correlationId' | 'traceparent'> => {
  const traceparent = traceOf(request);
  const origin = { actor: `operator:${request.role}`, correlationId: request.id };
  return traceparent === undefined ? origin : { ...origin, traceparent };
};

/** As logs name it, so that a line leads to its trace. */
export const traceIdOf = (request: Asking): { readonly traceId?: string } => {
  const traceparent = traceOf(request);
  return traceparent === undefined ? {} : { traceId: traceparent.slice(3, 35) };
};
