import type { CsvRow } from '#libs/http';
import type { TransactionEntity, UsageEntity } from '#libs/read-models';

/** Rows of the read models, as answers and as lines of a file. What is null there is left out here. */

export const transactionAnswer = ({ id, type, at, amount, paidAmount, paidCurrency, pack, remaining, held, debt, details }: TransactionEntity) => ({
  id, type, at, amount, paid: paidAmount === null ? undefined : { amount: paidAmount, currency: paidCurrency }, pack: pack ?? undefined, remaining, held, debt, details,
});

export const TRANSACTION_COLUMNS = ['at', 'type', 'id', 'amount', 'paidAmount', 'paidCurrency', 'pack', 'remaining', 'held', 'debt', 'details'] as const;

export const transactionRow = ({ details, ...row }: TransactionEntity): CsvRow => ({ ...row, details: JSON.stringify(details) });

export const usageAnswer = (row: UsageEntity) => ({
  id: row.id, via: row.via, source: row.source ?? undefined, at: row.at, recordedAt: row.recordedAt, outcome: row.outcome, late: row.late,
  model: row.model ?? undefined, group: row.group ?? undefined, status: row.status ?? undefined, latencyMs: row.latencyMs ?? undefined, keyId: row.keyId ?? undefined,
  usage: row.usage ?? undefined, parameters: row.parameters ?? undefined, cost: row.cost, uncharged: row.uncharged ?? undefined,
  exact: row.exact ?? undefined, breakdown: row.breakdown ?? undefined, rateCard: row.catalog === null ? undefined : { catalog: row.catalog, version: row.rateCard },
  facts: row.facts ?? undefined,
});

export const USAGE_COLUMNS = [
  'at', 'recordedAt', 'id', 'via', 'source', 'outcome', 'late', 'model', 'group', 'status', 'latencyMs', 'keyId', 'cost', 'uncharged', 'catalog', 'rateCard', 'usage', 'parameters', 'breakdown', 'facts',
] as const;

const json = (value: object | null): string | null => value && JSON.stringify(value);

export const usageRow = ({ usage, parameters, facts, breakdown, ...row }: UsageEntity): CsvRow =>
  ({ ...row, usage: json(usage), parameters: json(parameters), facts: json(facts), breakdown: json(breakdown) });
