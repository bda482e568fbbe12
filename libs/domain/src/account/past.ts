import type { AccountFact, DataOf } from './events.js';

/** An event of the account's past, looked up because a command's ids touch it. */
export type PastFact = AccountFact & { readonly revision: number };

/** Earlier events by the keys they touch (see ids.ts), each list in order; a key without any is absent. */
export type Past = ReadonlyMap<string, readonly PastFact[]>;

export const noPast: Past = new Map();

/** The data of a past event of a type, with its place in the stream. */
export type PastOf<Type extends AccountFact['type']> = PastFact & { readonly type: Type; readonly data: DataOf<Type> };
