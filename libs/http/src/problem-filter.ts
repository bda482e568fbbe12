import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { BillingError } from '#libs/kernel';
import { operationOf, type Metrics } from './metrics.js';
import type { ProblemCode } from './problem-codes.js';
import { problem, PROBLEM_CONTENT_TYPE, problemOf, retryAfterOf, type Problem } from './problem.js';
import { traceIdOf } from './request-context.js';

/** What Fastify and Nest refuse by themselves, before a handler sees the request. */
const REFUSED: Readonly<Record<number, readonly [code: ProblemCode, detail: string]>> = {
  400: ['invalid_request', 'the request cannot be read'],
  404: ['not_found', 'there is no such path'],
  413: ['payload_too_large', 'the body is larger than 1 MiB'],
  414: ['uri_too_long', 'the path is longer than any id makes it'],
  415: ['unsupported_media_type', 'a JSON body with content-type application/json is needed'],
};

/** Fastify's own code of an error, where it has one; it tells apart what status 400 does not. */
const DETAILS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: 'a JSON body is needed; it is empty',
  FST_ERR_CTP_INVALID_JSON_BODY: 'the body is not JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'the body is not as long as content-length says',
  FST_ERR_BAD_URL: 'the path is not a valid URL',
};

const statusIn = (error: unknown): number | undefined => {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = error as { readonly statusCode?: unknown };
  return error instanceof Error && typeof statusCode === 'number' ? statusCode : undefined;
};

const codeIn = (error: unknown): string => {
  const { code } = (error instanceof HttpException && error.cause ? error.cause : error) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
};

const refusedBefore = (error: unknown): Problem | undefined => {
  const status = statusIn(error);
  const [code, detail] = REFUSED[status ?? 0] ?? [];
  if (code === undefined) return undefined;
  return problem(code, { detail: DETAILS[codeIn(error)] ?? detail });
};

/** Tells an error of a database that is out of reach for a while from one that would only repeat itself. */
export type IsOutage = (error: unknown) => boolean;

/** @returns undefined for what nobody expected */
const expected = (error: unknown, isOutage: IsOutage): Problem | undefined => {
  if (error instanceof BillingError) return problemOf(error);
  if (isOutage(error)) return problem('database_unavailable', { detail: 'the database cannot be read just now; ask again' });
  return refusedBefore(error);
};

export const sendProblem = (reply: FastifyReply, answer: Problem): void => {
  const retryAfter = retryAfterOf(answer);
  if (retryAfter !== undefined) reply.header('Retry-After', String(retryAfter));
  if (answer.status === 401) reply.header('WWW-Authenticate', 'Bearer realm="meterbook"');
  reply.code(answer.status).header('Content-Type', PROBLEM_CONTENT_TYPE).send(JSON.stringify(answer));
};

export interface ProblemParts {
  readonly log: Logger;
  readonly isOutage: IsOutage;
  /** The methods a path has; none for a path that is not there. */
  readonly methodsOf: (path: string) => string[];
  readonly metrics: Pick<Metrics, 'refused'>;
}

/** Turns whatever was thrown into a problem document. What nobody expected is logged whole and shown to the caller by its request id only. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly parts: ProblemParts) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (reply.sent) return;
    const answer = this.wrongMethod(error, request, reply) ?? expected(error, this.parts.isOutage) ?? this.unexpected(error, request);
    this.parts.metrics.refused(operationOf(request), answer.code);
    sendProblem(reply, answer);
  }

  private wrongMethod(error: unknown, request: FastifyRequest, reply: FastifyReply): Problem | undefined {
    // What a handler does not find is told by a BillingError, which has no status.
    const methods = statusIn(error) === 404 ? this.parts.methodsOf(pathOf(request)) : [];
    if (methods.length === 0) return undefined;
    reply.header('Allow', methods.join(', '));
    return problem('method_not_allowed', { detail: `this path takes ${methods.join(' and ')}` });
  }

  private unexpected(error: unknown, request: FastifyRequest): Problem {
    const { id: requestId, method } = request;
    this.parts.log.error({ err: error, correlationId: requestId, ...traceIdOf(request), method, path: pathOf(request) }, 'unexpected error');
    return problem('internal_error', { detail: 'the engine failed in a way it did not expect; its log has the details under this request id', requestId });
  }
}

const pathOf = ({ url }: FastifyRequest): string => url.split('?')[0] as string;
