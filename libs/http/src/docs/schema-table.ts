import { html, Html, markdown } from './html.js';

/** As much of JSON Schema as our document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

export type Schemas = Readonly<Record<string, Schema>>;

/** Deeper members are shown where their own schema is. */
const DEEPEST = 3;

const resolved = (schema: Schema, schemas: Schemas): Schema => (schema.$ref ? { ...schemas[schema.$ref.split('/').pop() ?? ''], ...schema } : schema);

/** In a few words: `string (date-time)`, `array of Grant`, `open | settled`. */
export const typeOf = (schema: Schema, schemas: Schemas): string => {
  if (schema.$ref) return schema.$ref.split('/').pop() ?? '';
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map(String).join(' | ');
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return branches.map((branch) => typeOf(branch, schemas)).join(' | ');
  if (schema.type === 'array') return `array of ${typeOf(schema.items ?? {}, schemas)}`;
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object' && !schema.properties) return `object of ${typeOf(schema.additionalProperties, schemas)}`;
  const name = Array.isArray(schema.type) ? schema.type.join(' | ') : String(schema.type ?? 'any');
  const bounds = name === 'integer' && schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER ? ` ${schema.minimum ?? ''}–${schema.maximum}` : '';
  return schema.format ? `${name} (${schema.format})` : name + bounds;
};

/** The object a schema has its members in: itself, what it lists, or the branch that has any. */
const objectIn = (schema: Schema, schemas: Schemas): Schema | undefined => {
  const own = resolved(schema, schemas);
  if (own.properties) return own;
  if (own.items) return objectIn(own.items, schemas);
  return (own.anyOf ?? own.oneOf)?.map((branch) => objectIn(branch, schemas)).find((branch) => branch !== undefined);
};

const rows = (schema: Schema, schemas: Schemas, depth: number): Html[] => {
  const { properties = {}, required = [] } = objectIn(schema, schemas) ?? {};
  return Object.entries(properties).flatMap(([name, member]) => [
    html`<tr><td class="d${depth}"><code>${name}</code>${required.includes(name) ? html`` : html` <small>optional</small>`}</td><td>${typeOf(member, schemas)}</td><td>${describe(resolved(member, schemas))}</td></tr>`,
    ...(depth < DEEPEST ? rows(member, schemas, depth + 1) : []),
  ]);
};

const describe = ({ description = '', default: standard }: Schema): Html =>
  markdown([description, standard === undefined ? '' : `Default: \`${JSON.stringify(standard)}\`.`].filter(Boolean).join(' '));

/** A table of an object's members, those of inner objects indented below them. */
export const schemaTable = (schema: Schema, schemas: Schemas): Html => {
  const members = rows(schema, schemas, 0);
  return members.length === 0 ? html`` : html`<table><thead><tr><th>Member</th><th>Type</th><th>Meaning</th></tr></thead><tbody>${members}</tbody></table>`;
};
