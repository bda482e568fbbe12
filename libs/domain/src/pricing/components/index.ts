import { z } from 'zod';
import type { Component, ModelContext } from '../component.js';
import { flat } from './flat.js';
import { matrix } from './matrix.js';
import { perUnit } from './per-unit.js';
import { ratio } from './ratio.js';

/** Every way to price. Later ones (graduated and volume tiers, packages, percentage, cost-plus) are further entries. */
const kinds = [flat, perUnit, ratio, matrix] as const;

type SchemasOf<Kinds extends readonly { readonly schema: unknown }[]> = { [At in keyof Kinds]: Kinds[At]['schema'] };

/** One part of a model's price as a rate card writes it; the price is the sum of its components. */
export const componentSchema = z.discriminatedUnion('kind', kinds.map(({ schema }) => schema) as unknown as SchemasOf<typeof kinds>);
export type PriceComponent = z.output<typeof componentSchema>;

type Compile = (source: PriceComponent, model: ModelContext) => Component;
const compilers = new Map(kinds.map(({ kind, compile }) => [kind, compile as Compile]));

/** @throws RangeError when it does not fit the model's other components */
export const compileComponent: Compile = (source, model) => (compilers.get(source.kind) as Compile)(source, model);
