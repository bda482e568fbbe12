import type { FastifyInstance } from 'fastify';
import { BillingError } from '#libs/kernel';

/** Longest body, in bytes: a batch of 1,000 usage events and a large catalog fit. */
export const BODY_LIMIT = 1_048_576;

const JSON_TYPE = 'application/json';

const unsupported = (types: readonly string[]): BillingError =>
  new BillingError('unsupported_media', 'unsupported_media_type', { detail: `this path takes ${types.join(', ')}`, accepted: types });

/**
 * JSON, and the JSON media types that single paths take besides. Members named `__proto__` are refused rather than
 * dropped: whoever sends them means no good.
 */
export const acceptJsonBodies = (server: FastifyInstance, otherTypes: readonly string[]): void => {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  const parseUnlessEmpty: typeof parse = (request, body, done) => {
    // Many clients send the content type with every request, whether there is a body or not.
    if (body === '' && request.routeOptions.config.operation?.bodyOptional) return done(null, undefined);
    return parse(request, body, done);
  };
  server.addContentTypeParser(JSON_TYPE, { parseAs: 'string' }, parseUnlessEmpty);
  server.addContentTypeParser([...otherTypes], { parseAs: 'string' }, (request, body: string, done) => {
    const types = request.routeOptions.config.operation?.bodyAlsoAs ?? [];
    if (!types.includes(request.mediaType ?? '')) return done(unsupported([JSON_TYPE, ...types]));
    return parse(request, body, done);
  });
};
