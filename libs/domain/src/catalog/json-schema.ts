import { z } from 'zod';
import { catalogSchema } from './schema.js';

/** The JSON Schema of a catalog file, for editors and for checks outside the engine. Draft 7, which all of them read. */
export const catalogJsonSchema = (): unknown => z.toJSONSchema(catalogSchema, { target: 'draft-7', io: 'input' });
