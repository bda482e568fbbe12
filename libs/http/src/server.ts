import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest, FastifyReply } from 'fastify';
import { BillingError } from '#libs/kernel';
import { acceptJsonBodies, BODY_LIMIT } from './json-body.js';
import type { Metrics } from './metrics.js';
import type { OperatorTokens } from './operator-tokens.js';
import { PROBLEM_CONTENT_TYPE, problem } from './problem.js';
import type { ProblemFilter } from './problem-filter.js';
import { requestIdOf } from './request-context.js';
import { may, rolesWith } from './roles.js';
import { validatorCompiler } from './validation.js';

export interface ServerParts {
  readonly tokens: OperatorTokens;
  readonly problems: ProblemFilter;
  readonly metrics: Metrics;
  /** Content types of bodies that single operations take besides application/json. */
  readonly otherJsonTypes: readonly string[];
  /** Those who look at every request from its first moment on: traces, logs. */
  readonly watchers?: readonly ((server: FastifyInstance) => void)[];
  /** How long requests under way may take to finish once the server is told to stop. */
  readonly drainMs: number;
}

/** Nest closes its modules first and the server last; a request under way needs them, so here the server goes first. */
class DrainingAdapter extends FastifyAdapter {
  constructor(options: ConstructorParameters<typeof FastifyAdapter>[0], private readonly drainMs: number) { super(options as never); }

  // oxlint-disable-next-line typescript/no-misused-promises -- declared void, and Nest awaits it
  override async beforeClose(): Promise<void> {
    super.beforeClose();
    const server = this.getInstance<FastifyInstance>();
    const force = setTimeout(() => server.server.closeAllConnections(), this.drainMs);
    await server.close();
    clearTimeout(force);
  }
}

/** The server under the Nest application: everything that is the same for all paths happens here, before any handler. */
export const createServer = ({ tokens, problems, metrics, otherJsonTypes, watchers = [], drainMs }: ServerParts): FastifyAdapter => {
  const adapter = new DrainingAdapter({
    bodyLimit: BODY_LIMIT,
    genReqId: requestIdOf,
    requestTimeout: 30_000,
    // Longer than the idle time of common load balancers (60 s), so that it is never us who closes under a request.
    keepAliveTimeout: 72_000,
    connectionTimeout: 0,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => problems.answer(error, request, reply),
    clientErrorHandler: answerUnreadable,
  } as never, drainMs);
  const server = adapter.getInstance<FastifyInstance>();
  server.decorateRequest('role', undefined);
  server.decorateRequest('traceparent', undefined);
  server.setValidatorCompiler(validatorCompiler as never);
  acceptJsonBodies(server, otherJsonTypes);
  for (const watch of watchers) watch(server);
  authorise(server, tokens);
  metrics.observe(server);
  return adapter;
};

/** Who calls, and whether they may, before the body is read. */
const authorise = (server: FastifyInstance, tokens: OperatorTokens): void => {
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('X-Request-Id', request.id);
    const needs = request.routeOptions.config.operation?.needs;
    if (needs === undefined) return done();
    try {
      const role = tokens.roleOf(request.headers.authorization);
      if (!may(role, needs)) {
        throw new BillingError('forbidden', 'forbidden', { detail: `a ${role} token may not do this`, roles: rolesWith(needs) });
      }
      if ((request.params as { readonly accountId?: string }).accountId === 'me') {
        throw new BillingError('forbidden', 'forbidden', { detail: 'me is the account of an account key; an operator names the account' });
      }
      request.role = role;
    } catch (error) {
      return done(error as Error);
    }
    return done();
  });
};

/** What is not even HTTP never becomes a request; it is answered on the socket. */
const answerUnreadable = (error: Error & { readonly code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const answer = error.code === 'HPE_HEADER_OVERFLOW' ? problem('headers_too_large', { detail: 'the headers are larger than the server takes' })
    : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? problem('request_timeout', { detail: 'the request did not arrive in time' })
    : problem('invalid_request', { detail: 'this is not HTTP/1.1' });
  const body = JSON.stringify(answer);
  if (socket.writable) {
    socket.write(`HTTP/1.1 ${answer.status} ${answer.title}\r\nContent-Type: ${PROBLEM_CONTENT_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
  }
  socket.destroySoon();
};
