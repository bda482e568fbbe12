import { open } from '#libs/kernel';
import { catalogEventDefinitions, catalogStream, evolveCatalog, registryEventDefinitions, REGISTRY_STREAM, type Catalog, type CatalogFact } from '#libs/domain';
import type { EventLog } from '#libs/event-log';
import { at, Difference, plainMessage } from './difference.js';

/** Folds a catalog from its first event. */
export const checkCatalog = async (stream: string, log: EventLog): Promise<void> => {
  let catalog: Catalog | undefined;
  for await (const events of log.read(stream)) {
    for (const { type, body, revision } of events) {
      try {
        const { data, recordedAt } = open<CatalogFact['data']>(type, body, catalogEventDefinitions);
        catalog = evolveCatalog(catalog, { type, data, recordedAt } as CatalogFact);
        catalog.versions.at(-1)?.card();
      } catch (error) {
        throw new Difference(`${at(stream, revision)}, ${type}`, 'an event that follows from those before it', plainMessage(error));
      }
    }
  }
};

/** The registry names every catalog there is. */
export const checkRegistry = async (log: EventLog, streams: ReadonlySet<string>): Promise<void> => {
  const listed = new Set<string>();
  for await (const events of log.read(REGISTRY_STREAM)) {
    for (const { type, body } of events) listed.add(catalogStream(open<{ name: string }>(type, body, registryEventDefinitions).data.name));
  }
  for (const stream of streams) if (!listed.has(stream)) throw new Difference(`${REGISTRY_STREAM}, the list of catalogs`, stream, 'nothing');
};
