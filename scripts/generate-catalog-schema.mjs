// Writes catalogs/catalog.schema.json from the code that reads catalogs; a spec fails when the file is stale.
import { writeFile } from 'node:fs/promises';
import { catalogJsonSchema } from '#libs/domain';

await writeFile(new URL('../catalogs/catalog.schema.json', import.meta.url), `${JSON.stringify(catalogJsonSchema(), null, 2)}\n`);
