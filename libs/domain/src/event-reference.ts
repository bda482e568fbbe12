import { z } from 'zod';
import type { EventDefinition } from '#libs/kernel';
import { accountEventDefinitions } from './account/index.js';
import { catalogEventDefinitions, registryEventDefinitions } from './catalog/index.js';

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly additionalProperties?: Schema | boolean;
}

const STREAMS: readonly (readonly [string, string, ReadonlyMap<string, EventDefinition>])[] = [
  ['account-<id>', 'Everything that must be decided together about one account.', accountEventDefinitions],
  ['catalog-<name>', 'A catalog: what it sells by, and its dated prices.', catalogEventDefinitions],
  ['catalogs', 'The names of all catalogs.', registryEventDefinitions],
];

/** The reference of all events, as Markdown, from their definitions. */
export const eventReference = (): string => [
  '# Events', '',
  'Generated from the definitions in `libs/domain` (`npm run generate`); CI fails when it is stale.', '',
  'Every event is stored as one JSON text. Besides `data`, described here, it carries `schemaVersion`, `occurredAt`, `recordedAt`, `actor`,',
  '`correlationId`, `causationId`, `idempotencyKey` where the command had one, `traceparent` where the request had one, and `previousHash`, the SHA-256 of the',
  'stream\'s previous event. The hash covers `stream`, `revision`, `type` and the stored bytes; the event\'s id is made of it.', '',
  'Amounts are exact decimals as text, instants are UTC with milliseconds. A field marked optional is left out when it says nothing.', '',
  ...STREAMS.flatMap(([stream, summary, definitions]) => [`## Stream \`${stream}\``, '', summary, '', ...[...definitions.values()].flatMap(eventSection)]),
].join('\n');

const eventSection = ({ type, version, summary, data }: EventDefinition): string[] => {
  const schema = z.toJSONSchema(data, { unrepresentable: 'any', io: 'output' }) as Schema;
  return [`### ${type}`, '', summary, '', `Version ${version}.`, '', '| field | type | meaning |', '| --- | --- | --- |', ...rows('', schema), ''];
};

const rows = (path: string, { properties = {}, required = [] }: Schema): string[] =>
  Object.entries(properties).flatMap(([name, member]) => {
    const optional = required.includes(name) ? '' : ' (optional)';
    const inner = member.type === 'array' ? member.items : member;
    const here = `| \`${path}${name}\`${optional} | ${typeName(member)} | ${(member.description ?? inner?.description ?? '').replaceAll('|', '\\|')} |`;
    // Prices of models are described where catalogs are; here they would bury the rest.
    const deeper = name === 'models' || !inner?.properties ? [] : rows(`${path}${name}${member.type === 'array' ? '[]' : ''}.`, inner);
    return [here, ...deeper];
  });

const typeName = ({ type, items, anyOf, enum: values, const: value, additionalProperties }: Schema): string => {
  if (anyOf) return anyOf.map(typeName).join(' or ');
  if (values) return values.map((one) => `\`${String(one)}\``).join(', ');
  if (value !== undefined) return `\`${JSON.stringify(value)}\``;
  if (type === 'array') return `list of ${items ? typeName(items) : 'anything'}`;
  if (type === 'object' && typeof additionalProperties === 'object') return `map of ${typeName(additionalProperties)}`;
  return type ?? 'anything';
};
