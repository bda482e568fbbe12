import { BillingError, parseInstant } from '#libs/kernel';
import { parseDecimal } from '#libs/money';
import type { Columns } from './columns.js';
import type { Row } from './rows.js';

/** A row as `POST /v1/usage` takes it. */
export interface UsageEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: 'usage';
  readonly subject: string;
  readonly time: string;
  readonly data: { readonly model: string; readonly usage: Readonly<Record<string, string>> };
}

/** A row cannot be billed as it stands; the message says why. */
export class RowError extends Error {}

/** A time with no zone is in UTC, as usage exports write it. */
const ZONE = /(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** `2023-11-16 18:15:46.6805900` or RFC 3339; digits below a millisecond are cut. @throws RowError */
export const timeOf = (text: string): string => {
  try {
    return parseInstant(ZONE.test(text) ? text : `${text}Z`);
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    throw new RowError(`${JSON.stringify(text)} is not a time such as 2026-11-21 07:35:00.123 (UTC) or 2026-11-21T07:35:00+01:00`);
  }
};

/** An empty cell is no quantity: what was not counted must not be billed as zero. @throws RowError */
const quantityOf = (text: string, column: string): string => {
  try {
    parseDecimal(text);
    return text;
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    throw new RowError(`${column}: ${text === '' ? 'there is nothing' : `${JSON.stringify(text)} is no quantity`}; a plain number such as 374 or 0.5 is needed`);
  }
};

const filled = (text: string, what: string): string => {
  if (text === '') throw new RowError(`it has no ${what}`);
  return text;
};

const ID = /^[A-Za-z0-9._:-]{1,128}$/;

const idOf = (text: string): string => {
  if (!ID.test(text)) throw new RowError(`${JSON.stringify(text.slice(0, 200))} is no id: 1 to 128 characters of A-Z a-z 0-9 . _ : -`);
  return text;
};

export interface UsageEventOptions {
  readonly account: string;
  readonly source: string;
  readonly columns: Columns;
}

/** @throws RowError */
export const usageEventOf = (row: Row, { account, source, columns: { time, meters, model, id } }: UsageEventOptions): UsageEvent => {
  if (row.broken !== undefined) throw new RowError(row.broken);
  const cell = (at: number): string => row.cells[at]?.trim() ?? '';
  return {
    specversion: '1.0',
    // The line says which row it is, however the rows before it are read.
    id: id === undefined ? String(row.line) : idOf(cell(id)),
    source, type: 'usage', subject: account, time: timeOf(cell(time)),
    data: {
      model: 'name' in model ? model.name : filled(cell(model.at), 'model'),
      usage: Object.fromEntries(meters.map(({ meter, column, at }) => [meter, quantityOf(cell(at), column)])),
    },
  };
};
