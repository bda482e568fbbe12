import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { BillingError, systemClock } from '#libs/kernel';
import { parseCatalog, transitionCatalog, type Catalog, type CatalogFile } from '#libs/domain';
import type { Catalogs } from '#libs/commands';
import { packageRoot } from '#libs/process';

const ORIGIN = { actor: 'engine', correlationId: 'shipped-catalogs' };

export const shippedCatalogs = async (): Promise<CatalogFile[]> => {
  const folder = path.join(packageRoot(), 'catalogs');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json') && name !== 'catalog.schema.json').sort();
  return Promise.all(names.map(async (name) => parseCatalog(JSON.parse(await readFile(path.join(folder, name), 'utf8')))));
};

/**
 * Loads the catalogs that ship with Meterbook where they are not there yet. A stored one is never touched: its operator
 * may have changed it.
 * @returns the names of those that are stored otherwise than they ship
 */
export const loadShippedCatalogs = async (catalogs: Catalogs): Promise<string[]> => {
  const changed: string[] = [];
  for (const file of await shippedCatalogs()) {
    const stored = await catalogs.refresh(file.name);
    if (!stored) await catalogs.execute(file.name, { type: 'ImportCatalog', file }, ORIGIN);
    else if (!isStored(stored.catalog, file)) changed.push(file.name);
  }
  return changed;
};

const isStored = (catalog: Catalog, file: CatalogFile): boolean => {
  try {
    return transitionCatalog(catalog, { type: 'ImportCatalog', file }, { now: systemClock() }).facts.length === 0;
  } catch (error) {
    if (error instanceof BillingError) return false;
    throw error;
  }
};
