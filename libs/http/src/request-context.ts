import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Cause } from '#libs/kernel';
import type { Role } from './roles.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The role of who calls; undefined on paths that are open to all. */
    role: Role | undefined;
  }
}

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The caller's own request id where it is one that can be stored and logged as it is, else a new one. */
export const requestIdOf = ({ headers }: Pick<IncomingMessage, 'headers'>): string => {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
};

/** Where a command comes from, for the events it leads to. */
export const originOf = ({ id, role, headers }: { readonly id: string; readonly role: Role | undefined; readonly headers: IncomingMessage['headers'] }): Pick<Cause, 'actor' | 'correlationId' | 'traceparent'> => {
  const { traceparent } = headers;
  const origin = { actor: `operator:${role}`, correlationId: id };
  // A trace context that is not well-formed is dropped, as its specification asks.
  return typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? { ...origin, traceparent } : origin;
};
