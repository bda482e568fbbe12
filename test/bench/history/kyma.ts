import { readFile } from 'node:fs/promises';
import { parseCatalog, transitionCatalog, type Catalog, type CatalogFile } from '#libs/domain';
import { CATALOG } from '../load/conversations.js';

/** The catalog file that ships with the engine; read from where `npm run` starts. */
export const catalogFile = async (): Promise<CatalogFile> => parseCatalog(JSON.parse(await readFile(`catalogs/${CATALOG}.json`, 'utf8')));

/** The catalog as it stands after its import. */
export const catalogOf = (file: CatalogFile, now: string): Catalog =>
  transitionCatalog(undefined, { type: 'ImportCatalog', file }, { now }).catalog;
