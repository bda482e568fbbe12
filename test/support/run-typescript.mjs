// `node --import <this file> script.ts` runs the sources as Jest does, for specs that need a process of their own to kill:
// a build could be stale.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
