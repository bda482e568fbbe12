import { CopyRows, timestamp, type Field } from '../database/copy.js';
import type { ModelWriter, Write } from '../folding/read-model.js';
import { keyOfHold, type OpenHold } from '../holds/projection.js';
import type { Usage } from './projection.js';

export const USAGE_COLUMNS = `account_id, revision, at, recorded_at, id, via, source, outcome, late, model, "group", status, latency_ms, key_id,
  usage, parameters, cost, uncharged, catalog, rate_card, exact, breakdown, facts`;

const json = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value));

export const usageFields = (row: Usage, model: string | undefined): Field[] => [
  row.accountId, row.revision, timestamp(row.at), row.recordedAt, row.id, row.via, row.source, row.outcome, row.late, model, row.group, row.status,
  row.latencyMs, row.keyId, json(row.usage), json(row.parameters), row.cost, row.uncharged, row.price?.catalog, row.price?.version,
  row.price?.exact, json(row.price?.breakdown), json(row.facts),
];

/** Open holds as they stand before the event under way closes one. */
export interface OpenHolds {
  find(key: string): OpenHold | undefined;
}

/** The model that work was for: of the hold it belongs to, where its own event does not say. */
export const modelOf = (row: Usage, holds: OpenHolds): string | undefined =>
  row.model ?? (row.via === 'hold' ? holds.find(keyOfHold({ accountId: row.accountId, holdId: row.id }))?.model : undefined);

/** One row an event; never changed. */
export class UsageLogWriter implements ModelWriter<Usage> {
  readonly onlyAdds = true;
  private readonly rows = new CopyRows();

  /** @param holds has to load before, and fold after this */
  constructor(private readonly schema: string, private readonly holds: OpenHolds) {}

  async load(): Promise<void> {}

  fold(usage: Usage): void {
    this.rows.add(usageFields(usage, modelOf(usage, this.holds)));
  }

  take(): Write {
    return this.rows.take(`${this.schema}.usage_log`, USAGE_COLUMNS);
  }

  settle(): void {}
  forget(): void { this.rows.clear(); }
}
