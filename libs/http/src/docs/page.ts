import { hash } from 'node:crypto';
import { html, Html, markdown } from './html.js';
import { schemaTable, typeOf, type Schema, type Schemas } from './schema-table.js';
import { STYLE } from './style.js';

interface Media { readonly schema: Schema; readonly example?: unknown; readonly examples?: Readonly<Record<string, { readonly summary: string; readonly value: unknown }>> }
interface Content { readonly description?: string; readonly content?: Readonly<Record<string, Media>> }
interface Described {
  readonly operationId: string; readonly tags: readonly string[]; readonly summary: string; readonly description: string; readonly security: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly description?: string; readonly schema: Schema }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

/** What of an OpenAPI document the page shows. */
export interface ShownDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Schemas };
}

interface Entry { readonly path: string; readonly method: string; readonly operation: Described }

/** Everything is on the page itself, so nothing may be fetched, and nothing run. */
export const CONTENT_SECURITY = `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The API document as one page to read. */
export const docsPage = ({ info, tags, paths, components: { schemas } }: ShownDocument): string => {
  const entries = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]): Entry => ({ path, method, operation })));
  const groups = tags.map((tag) => ({ ...tag, entries: entries.filter(({ operation }) => operation.tags.includes(tag.name)) }));
  return html`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${info.title} API</title><style>${new Html(STYLE)}</style></head>
<body><nav><h1>${info.title} <small>${info.version}</small></h1>${groups.map(({ name, entries: inGroup }) => html`<h2>${name}</h2><ul>${inGroup.map(link)}</ul>`)}<p><a href="/openapi.json">OpenAPI document</a></p></nav>
<main><section>${markdown(info.description)}</section>
${groups.map(({ name, description, entries: inGroup }) => html`<section><h2>${name}</h2>${markdown(description)}${inGroup.map((entry) => article(entry, schemas))}</section>`)}
</main></body></html>`.text;
};

const link = ({ operation: { operationId, summary } }: Entry): Html => html`<li><a href="#${operationId}">${summary}</a></li>`;

const json = (value: unknown): Html => html`<pre>${JSON.stringify(value, null, 2)}</pre>`;

const article = ({ path, method, operation }: Entry, schemas: Schemas): Html => {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  return html`<article id="${operationId}"><h3><span class="${method}">${method.toUpperCase()}</span> <code>${path}</code></h3><h4>${summary}</h4>${markdown(description)}
${parameters.length === 0 ? html`` : html`<h5>Parameters</h5><table><tbody>${parameters.map((parameter) => html`<tr><td><code>${parameter.name}</code> <small>${parameter.in}${parameter.required ? '' : ', optional'}</small></td><td>${typeOf(parameter.schema, schemas)}</td><td>${markdown(parameter.description ?? '')}</td></tr>`)}</tbody></table>`}
${requestBody ? body(requestBody, schemas) : html``}
${Object.entries(responses).map(([status, answer]) => response(status, answer, schemas))}</article>`;
};

const body = ({ content = {} }: Content, schemas: Schemas): Html => {
  const types = Object.keys(content);
  const media = content[types[0] ?? ''];
  if (!media) return html``;
  return html`<h5>Body <small>${types.join(', ')}</small></h5>${Object.values(media.examples ?? {}).map(({ summary, value }) => html`<p>${summary}</p>${json(value)}`)}<details><summary>Members</summary>${schemaTable(media.schema, schemas)}</details>`;
};

const response = (status: string, { description = '', content = {} }: Content, schemas: Schemas): Html => {
  const media = content['application/json'];
  const also = Object.keys(content).filter((type) => type !== 'application/json' && type !== 'application/problem+json');
  return html`<h5><span class="${media ? 'ok' : 'refused'}">${status}</span> ${also.length > 0 ? html`<small>also ${also.join(', ')}</small>` : html``}</h5>${markdown(description)}${media ? html`${json(media.example)}<details><summary>Members</summary>${schemaTable(media.schema, schemas)}</details>` : html``}`;
};
