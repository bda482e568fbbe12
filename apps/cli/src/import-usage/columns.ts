import { Failure } from '#libs/process';

/** Which columns of the file say what; the names are those of its header. */
export interface ColumnNames {
  readonly time: string;
  readonly meters: ReadonlyMap<string, string>;
  readonly model: { readonly name: string } | { readonly column: string };
  readonly id: string | undefined;
}

/** The same by position. */
export interface Columns {
  readonly time: number;
  readonly meters: readonly { readonly meter: string; readonly column: string; readonly at: number }[];
  readonly model: { readonly name: string } | { readonly at: number };
  readonly id: number | undefined;
}

/** @throws Failure for a column that is not there, or is there twice */
export const findColumns = (file: string, header: readonly string[], { time, meters, model, id }: ColumnNames): Columns => {
  const names = header.map((name) => name.trim());
  const find = (column: string): number => {
    const at = names.indexOf(column);
    if (at < 0) throw new Failure(`${file} has no column ${column}; its columns are ${names.join(', ').slice(0, 1_000)}.`);
    if (names.includes(column, at + 1)) throw new Failure(`${file} has more than one column ${column}; rename all but the one that is meant.`);
    return at;
  };
  return {
    time: find(time),
    meters: Array.from(meters, ([meter, column]) => ({ meter, column, at: find(column) })),
    model: 'name' in model ? model : { at: find(model.column) },
    id: id === undefined ? undefined : find(id),
  };
};
