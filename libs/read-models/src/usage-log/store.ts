import type { ClientBase } from 'pg';
import { copyField, copyInto, copyLine, timestamp, type Field } from '../database/copy.js';
import type { ModelWriter } from '../folding/read-model.js';
import type { OpenHold } from '../holds/projection.js';
import type { Usage } from './projection.js';

/** The model comes last: a row is written up to it when its event is read, and completed when its hold is known. */
export const USAGE_COLUMNS = `account_id, revision, at, recorded_at, id, via, source, outcome, late, "group", status, latency_ms, key_id,
  usage, parameters, cost, uncharged, catalog, rate_card, exact, breakdown, facts, model`;

/** A row as it is written; made when the event is read, so that nothing of the event is kept. */
export interface UsageLine {
  /** All columns but the model. */
  readonly start: string;
  readonly model: string | undefined;
  /** Of the hold it belongs to, where that was open. */
  readonly holdKey: string | undefined;
}

const json = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value));

/** All columns but the model. */
export const usageFields = (row: Usage): Field[] => [
  row.accountId, row.revision, timestamp(row.at), row.recordedAt, row.id, row.via, row.source, row.outcome, row.late, row.group, row.status,
  row.latencyMs, row.keyId, json(row.usage), json(row.parameters), row.cost, row.uncharged, row.price?.catalog, row.price?.version,
  row.price?.exact, json(row.price?.breakdown), json(row.facts),
];

export const usageLine = (row: Usage, holdKey: string | undefined): UsageLine => ({ start: copyLine(usageFields(row)), model: row.model, holdKey });

/** Open holds as they stand before the event under way closes one. */
export interface OpenHolds {
  find(key: string): OpenHold | undefined;
}

/** One row an event; never changed. */
export class UsageLogWriter implements ModelWriter<UsageLine> {
  private lines: string[] = [];

  /** @param holds has to load before, and fold after this */
  constructor(private readonly schema: string, private readonly holds: OpenHolds) {}

  async load(): Promise<void> {}

  fold({ start, model, holdKey }: UsageLine): void {
    const known = model ?? (holdKey === undefined ? undefined : this.holds.find(holdKey)?.model);
    this.lines.push(`${start}\t${copyField(known)}`);
  }

  async write(tx: ClientBase): Promise<void> {
    await copyInto(tx, `${this.schema}.usage_log`, USAGE_COLUMNS, this.lines);
  }

  settle(): void { this.lines = []; }
  forget(): void { this.lines = []; }
}
