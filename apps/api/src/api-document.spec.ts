import { Ajv2020 } from 'ajv/dist/2020.js';
import { PROBLEM_CODES, statusOf } from '#libs/http';
import { apiDocument } from './api-document.js';
import { OPERATIONS } from './operations.js';

type Json = Record<string, any>; // eslint-disable-line typescript/no-explicit-any

const document = apiDocument('1.2.3') as Json;
const operations = OPERATIONS.map((operation) => [operation.id, operation, document.paths[operation.path][operation.method.toLowerCase()] as Json] as const);

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema({ $id: 'api', ...document });
/** Validates against the schema at a place in the document, references and all. */
const errorsAt = (pointer: readonly string[], value: unknown): unknown => {
  const validate = ajv.getSchema(`api#/${pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`);
  if (!validate) throw new Error(`no schema at ${pointer.join('/')}`);
  return validate(value) ? null : validate.errors;
};

describe('the API document', () => {
  it('says what it is', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Meterbook', version: '1.2.3' } });
  });

  it('names every operation once', () => {
    const ids = OPERATIONS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('refers to nothing that is not there', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name as string);
    expect(references.filter((name) => !(name in document.components.schemas))).toEqual([]);
  });

  it('tells how long a page is that nobody says the length of', () => {
    const limits = operations.flatMap(([, , { parameters = [] }]) => (parameters as Json[]).filter(({ name }) => name === 'limit'));
    expect(limits).toHaveLength(6);
    for (const limit of limits) expect(limit.description).toContain('100');
  });

  it('leaves no member of a body without a meaning', () => {
    const bodies = operations.flatMap(([id, , { requestBody }]) => Object.entries((requestBody?.content['application/json'].schema.properties ?? {}) as Json).map(([name, schema]) => [`${id}.${name}`, schema] as const));
    expect(bodies.filter(([, schema]) => Object.keys(schema as Json).length === 0).map(([name]) => name)).toEqual([]);
  });

  it.each(operations)('%s: parameters, tag and refusals', (_, operation, described) => {
    const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(((described.parameters ?? []) as Json[]).filter((parameter) => parameter.in === 'path').map(({ name }) => name as string)).toEqual(inPath);
    expect((document.tags as Json[]).map(({ name }) => name as string)).toContain(operation.tag);
    for (const code of ['invalid_request', ...operation.refusals ?? []] as const) expect(Object.keys(described.responses as Json)).toContain(String(statusOf(code)));
    expect(described.security).toEqual(operation.needs === undefined ? [] : [{ operator: [] }]);
  });

  it.each(operations.filter(([, { body }]) => body !== undefined))('%s: how a body is refused, and whether one is needed', (_, operation, { requestBody, responses }) => {
    expect(Object.keys(responses as Json)).toEqual(expect.arrayContaining(['413', '415']));
    expect(requestBody.required).toBe(!['releaseHold', 'rebuildProjection'].includes(operation.id));
    if (operation.bodyOptional) expect(operation.body?.safeParse({}).success).toBe(true);
  });

  it.each(operations)('%s: examples are what their schemas say', (_, operation, described) => {
    const place = ['paths', operation.path, operation.method.toLowerCase()];
    for (const { value } of operation.bodyExamples ?? []) {
      expect(errorsAt([...place, 'requestBody', 'content', 'application/json', 'schema'], value)).toBeNull();
      expect((operation.documentedBody ?? operation.body)?.safeParse(value).error).toBeUndefined();
    }
    for (const [status, { schema, example }] of Object.entries(operation.answers)) {
      expect([status, errorsAt([...place, 'responses', status, 'content', 'application/json', 'schema'], example)]).toEqual([status, null]);
      expect([status, schema.safeParse(example).error]).toEqual([status, undefined]);
    }
    expect(described.operationId).toBe(operation.id);
  });

  it.each(operations.filter(([, { body }]) => body !== undefined))('%s: refuses a member it does not know', (_, operation) => {
    const schema = operation.documentedBody ?? operation.body;
    const [{ value } = { value: {} }] = operation.bodyExamples ?? [];
    expect(schema?.safeParse({ ...(value as object), colour: 'red' }).success).toBe(false);
  });

  it('has a status for every code', () => {
    for (const code of Object.keys(PROBLEM_CODES) as (keyof typeof PROBLEM_CODES)[]) expect(statusOf(code)).toBeGreaterThanOrEqual(400);
  });
});
