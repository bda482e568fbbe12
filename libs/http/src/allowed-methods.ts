import type { Operation } from './operation.js';

/** Answers which methods a path has, so that a wrong one is told from a path that is not there. */
export const allowedMethods = (operations: readonly Operation[]): ((path: string) => string[]) => {
  const known = operations.map(({ method, path }) => ({ method, pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`) }));
  return (path) => [...new Set(known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))];
};
