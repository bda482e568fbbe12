import type { z } from 'zod';

type Upcaster = (old: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/** One declaration gives an event its static type, the check of stored samples, its version and its reference page. */
export interface EventDefinition<Type extends string = string, Data = unknown> {
  readonly type: Type;
  /** Version of the data written now. A changed meaning or shape is a new version, with an upcaster from the old one. */
  readonly version: number;
  readonly summary: string;
  readonly data: z.ZodType<Data>;
  /** `upcast[n]` makes data of version n into data of version n + 1; kept for ever. */
  readonly upcast: Readonly<Record<number, Upcaster>>;
}

export const defineEvent = <Type extends string, Data>(
  type: Type,
  { version = 1, upcast = {}, ...rest }: { summary: string; data: z.ZodType<Data>; version?: number; upcast?: Record<number, Upcaster> },
): EventDefinition<Type, Data> => ({ type, version, upcast, ...rest });

/** The event a definition declares: a fact by its name and data. */
export type EventOf<D> = D extends EventDefinition<infer Type, infer Data> ? { readonly type: Type; readonly data: Data } : never;

/** Brings stored data to the current version. What a newer release wrote is refused: read as ours it could mean another amount. */
export const upcast = (definition: EventDefinition, data: unknown, version: number): unknown => {
  if (version > definition.version) throw new Error(`${definition.type}: version ${version} is newer than this release knows`);
  let current = data as Record<string, unknown>;
  for (let from = version; from < definition.version; from += 1) {
    const step = definition.upcast[from];
    if (!step) throw new Error(`${definition.type}: no upcaster from version ${from}`);
    current = step(current);
  }
  return current;
};
