import { z } from 'zod';
import type { AnswerDocument, Operation } from './operation.js';
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.js';
import { statusOf } from './problem.js';
import { rolesWith } from './roles.js';

type Json = Record<string, unknown>;

export interface ApiDescription {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
}

/** The OpenAPI 3.1 document of a list of operations, from the very schemas that check requests. */
export const openApiDocument = (operations: readonly Operation[], { title, version, description, tags }: ApiDescription): Json => {
  const schemas: Json = { Problem: problemSchema };
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const item = (paths[operation.path] ??= {});
    item[operation.method.toLowerCase()] = describe(operation, schemas);
  }
  return {
    openapi: '3.1.0',
    info: { title, version, description, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    tags,
    paths,
    components: { schemas, securitySchemes: { operator: { type: 'http', scheme: 'bearer', description: 'An operator token; its role (admin, finance, gateway, read-only) says what it may do.' } } },
  };
};

const describe = (operation: Operation, schemas: Json): Json => {
  const { id, tag, summary, description, needs, answers } = operation;
  const parameters = [...pathParameters(operation, schemas), ...queryParameters(operation, schemas), ...headerParameters(operation)];
  const allowed = needs === undefined ? 'Open to all.' : `Roles: ${rolesWith(needs).join(', ')}.`;
  return {
    operationId: id, tags: [tag], summary, description: [description, allowed].filter(Boolean).join('\n\n'),
    security: needs === undefined ? [] : [{ operator: [] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(operation.body ? { requestBody: requestBody(operation, operation.documentedBody ?? operation.body, schemas) } : {}),
    responses: { ...answersOf(answers, schemas), ...refusalsOf(operation) },
  };
};

/** A zod schema as JSON Schema; those with an id move to the components, once. What is checked by code says what it is by its `meta`. */
const jsonSchema = (schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json => {
  const { $schema: _, $defs = {}, ...converted } = z.toJSONSchema(schema, { io, unrepresentable: 'any', override: ({ jsonSchema: made }) => tidy(made as Json, io) }) as Json & { $defs?: Json };
  const moved = JSON.parse(JSON.stringify({ $defs, converted }).replaceAll('"#/$defs/', '"#/components/schemas/')) as { $defs: Record<string, Json>; converted: Json };
  for (const [name, { id: __, ...definition }] of Object.entries(moved.$defs)) schemas[name] = definition;
  delete moved.converted.id;
  return moved.converted;
};

/** A parameter that is text on the wire and a number or flag to its reader is described as what it means. */
const tidy = (schema: Json, io: 'input' | 'output'): void => {
  // Members may be added to answers, so no client may count on there being no others.
  if (io === 'output' && schema.additionalProperties === false) delete schema.additionalProperties;
  if (schema.type === 'integer' || schema.type === 'boolean') { delete schema.pattern; delete schema.enum; }
};

const pathParameters = ({ params }: Operation, schemas: Json): Json[] => membersOf(params, schemas).map(({ name, schema }) => ({ name, in: 'path', required: true, schema }));

const queryParameters = ({ query }: Operation, schemas: Json): Json[] => membersOf(query, schemas).map(({ name, required, schema }) => {
  const { description, ...rest } = schema;
  return { name, in: 'query', required, ...(description === undefined ? {} : { description }), schema: rest };
});

const membersOf = (object: z.ZodType | undefined, schemas: Json): { name: string; required: boolean; schema: Json }[] => {
  if (!object) return [];
  const { properties = {}, required = [] } = jsonSchema(object, 'input', schemas) as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(properties).map(([name, schema]) => ({ name, required: required.includes(name), schema }));
};

const headerParameters = ({ idempotencyKey, minPosition }: Operation): Json[] => [
  ...(idempotencyKey ? [{
    name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 130 },
    description: 'Makes a retry safe; needed where the body has no `id`. With both, the key counts for idempotency and the id names what is made.',
  }] : []),
  ...(minPosition ? [{
    name: 'Meterbook-Min-Position', in: 'header', required: false, schema: { type: 'string', maxLength: 256 },
    description: 'A `position` from an earlier answer: the read waits, for a bounded time, until it has got that far.',
  }] : []),
];

const requestBody = ({ bodyOptional, bodyExamples = [], bodyAlsoAs = [] }: Operation, body: z.ZodType, schemas: Json): Json => {
  const content = { schema: jsonSchema(body, 'input', schemas), examples: Object.fromEntries(bodyExamples.map((example, at) => [`example${at + 1}`, example])) };
  return { required: bodyOptional !== true, content: Object.fromEntries(['application/json', ...bodyAlsoAs].map((type) => [type, content])) };
};

const answersOf = (answers: Operation['answers'], schemas: Json): Json => Object.fromEntries(
  Object.entries<AnswerDocument>(answers).map(([status, { description, schema, example, alsoAs = [] }]) => [status, {
    description,
    content: {
      'application/json': { schema: jsonSchema(schema, 'output', schemas), example },
      ...Object.fromEntries(alsoAs.map((type) => [type, { schema: { type: 'string' } }])),
    },
  }]),
);

const refusalsOf = ({ needs, body, refusals = [], answers }: Operation): Json => {
  const codes = new Set<ProblemCode>([
    'invalid_request', ...(needs === undefined ? [] : ['invalid_key', 'forbidden'] as const), ...(body ? ['payload_too_large', 'unsupported_media_type'] as const : []), ...refusals,
  ]);
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const status = statusOf(code);
    if (!(status in answers)) byStatus.set(status, [...byStatus.get(status) ?? [], code]);
  }
  return Object.fromEntries([...byStatus].sort(([a], [b]) => a - b).map(([status, ofStatus]) => [String(status), {
    description: ofStatus.map((code) => `\`${code}\`: ${PROBLEM_CODES[code][1]}`).join('\n\n'),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }]));
};

const problemSchema: Json = {
  type: 'object', description: 'RFC 9457. Members beside these depend on the code.',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string', format: 'uri-reference' }, title: { type: 'string' }, status: { type: 'integer' }, detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(PROBLEM_CODES) },
    errors: { type: 'array', items: { type: 'object', required: ['path', 'message'], properties: { path: { type: 'string' }, message: { type: 'string' } } } },
  },
};
