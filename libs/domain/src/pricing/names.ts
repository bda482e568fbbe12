import { z } from 'zod';

const NAME = /^[a-z][a-zA-Z0-9_]{0,63}$/;

/**
 * Names of meters and parameters. They become keys of JSON objects, so they are never integer-like (JSON would put
 * those first) and never a name that every object has (`constructor`).
 */
export const isUsageName = (text: string): boolean => NAME.test(text) && !(text in Object.prototype);

export const usageNameSchema = z.string().regex(NAME).refine(isUsageName, 'not a name for a meter or a parameter');

/** Model names are those of the providers: `claude-opus-4.6`, `kling/v2-1-standard`. */
export const modelNameSchema = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._:/@+-]{0,127}$/);

export const groupNameSchema = z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/).describe('what the usage log can be filtered by: chat, images, video, search, audio');
