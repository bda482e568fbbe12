/** Where a read model is not what the log says. */
export interface Difference {
  readonly table: string;
  readonly accountId: string;
  /** The row's first columns, to find it by. */
  readonly row: string;
  /** Undefined when the whole row is missing, or too much. */
  readonly field: string | undefined;
  readonly expected: string;
  readonly found: string;
}

export class DifferenceFound extends Error {
  constructor(readonly difference: Difference) {
    const { table, accountId, row, field, expected, found } = difference;
    super(`read.${table} of ${accountId} (${row}): ${field ?? 'the row'} should be ${expected}, found ${found}`);
    this.name = 'DifferenceFound';
  }
}
