// Writes the files that are generated from code; specs fail when one is stale.
import { mkdir, writeFile } from 'node:fs/promises';
import { catalogJsonSchema, eventReference } from '#libs/domain';

const write = async (path, text) => {
  const url = new URL(`../${path}`, import.meta.url);
  await mkdir(new URL('.', url), { recursive: true });
  await writeFile(url, text);
  process.stdout.write(`${path}\n`);
};

await write('catalogs/catalog.schema.json', `${JSON.stringify(catalogJsonSchema(), null, 2)}\n`);
await write('docs/events/README.md', eventReference());
