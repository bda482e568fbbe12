import { z } from 'zod';
import { defineEvent, type EventDefinition } from '#libs/kernel';

/** The stream that names all catalogs, in the order they were first imported. */
export const REGISTRY_STREAM = 'catalogs';

export const CatalogListed = defineEvent('CatalogListed', {
  summary: 'A catalog of this name is about to be imported. Written first, so that no catalog is ever missing from the list.',
  data: z.strictObject({ name: z.string() }),
});

export const registryEventDefinitions: ReadonlyMap<string, EventDefinition> = new Map([[CatalogListed.type, CatalogListed as EventDefinition]]);
