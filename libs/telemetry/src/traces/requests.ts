import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { operationOf, traceOf } from '#libs/http';
import type { Span, Tracing } from './tracing.js';

/**
 * A span for each request that is let in, to the end of its answer; none for probes and scrapers, which come all the time,
 * and none for strangers, who could have spans recorded at will by what they send as `traceparent`.
 */
export const traceRequests = (tracing: Tracing) => (server: FastifyInstance): void => {
  const spans = new WeakMap<FastifyRequest, Span>();
  // After `onRequest`, where tokens are looked at, and before the body is read.
  server.addHook('preParsing', (request, _reply, _payload, done) => {
    const { operation } = request.routeOptions.config;
    if (operation && operation.tag !== 'System') {
      const { accountId } = request.params as { readonly accountId?: string };
      const span = tracing.start({
        name: `${operation.method} ${operation.path}`, kind: 'server', parent: traceOf(request),
        attributes: {
          'http.request.method': operation.method, 'http.route': operation.path, 'meterbook.operation': operation.id,
          'meterbook.correlation_id': request.id, 'meterbook.account_id': accountId,
        },
      });
      spans.set(request, span);
      request.traceparent = span.traceparent;
    }
    done();
  });
  const end = (request: FastifyRequest, reply: FastifyReply | undefined): void => {
    const span = spans.get(request);
    if (!span) return;
    spans.delete(request);
    if (reply) span.set({ 'http.response.status_code': reply.statusCode });
    const failed = !reply || reply.statusCode >= 500;
    span.end(failed ? `${operationOf(request)}: ${reply ? reply.statusCode : 'the caller went away'}` : undefined);
  };
  server.addHook('onResponse', (request, reply, done) => {
    end(request, reply);
    done();
  });
  server.addHook('onRequestAbort', (request, done) => {
    end(request, undefined);
    done();
  });
};
