import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { operationOf } from './metrics.js';
import { traceIdOf } from './request-context.js';

/**
 * Writes a line for every answered request where the log is set to `info`; to `debug` those of probes and scrapers, which
 * come all the time. Ids only: no body, no header, no query. Where the log wants none of it, requests never come here.
 */
export const logRequests = (log: Logger) => (server: FastifyInstance): void => {
  if (!log.isLevelEnabled('info')) return;
  server.addHook('onResponse', (request, reply, done) => {
    const { accountId } = (request.params ?? {}) as { readonly accountId?: string };
    const level = request.routeOptions?.config.operation?.tag === 'System' ? 'debug' : 'info';
    log[level]({
      correlationId: request.id, operation: operationOf(request), status: reply.statusCode, ms: Math.round(reply.elapsedTime * 10) / 10,
      ...(accountId === undefined ? {} : { accountId }), ...traceIdOf(request),
    }, 'request');
    done();
  });
};
