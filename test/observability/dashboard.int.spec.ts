import { jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { parse } from 'yaml';
import { Metrics } from '#libs/http';
import { Telemetry } from '#libs/telemetry';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { startSeenEngine, type SeenEngine } from './engine.js';

jest.setTimeout(60_000);

interface Dashboard {
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[] };
  readonly panels: readonly {
    readonly title: string; readonly type: string; readonly description?: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly datasource?: { readonly uid: string }; readonly targets?: readonly { readonly expr: string }[];
  }[];
}
interface Rules { readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[] }

const dashboard = JSON.parse(readFileSync('docs/operations/grafana-dashboard.json', 'utf8')) as Dashboard;
const rules = (parse(readFileSync('docs/operations/prometheus-alerts.yml', 'utf8')) as Rules).groups.flatMap((group) => group.rules);

/** What Prometheus adds to every series, and what a histogram has. */
const ADDED = ['job', 'instance', 'le'];

/** By name as PromQL has it, so a histogram three times: the labels of its series. */
const exposed = (text: string): Map<string, Set<string>> => {
  const names = new Map<string, Set<string>>();
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    for (const suffix of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) names.set(`${name}${suffix}`, new Set(ADDED));
  }
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-z_0-9]+)(?:\{([^}]*)\})? /gm)) {
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) names.get(name)?.add(label);
  }
  return names;
};

const METRIC = /\b(?:meterbook|process|nodejs)_[a-z0-9_]+/g;
const metricsIn = (expr: string): string[] => expr.match(METRIC) ?? [];
/** Labels in selectors, and those that are grouped by. */
const labelsIn = (expr: string): string[] => [
  ...[...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, selector = '']) => [...selector.matchAll(/(\w+)\s*=?[=~!]/g)].map(([, label = '']) => label)),
  ...[...expr.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(',').map((label) => label.trim())),
];

describe('the dashboard and the alerts', () => {
  let database: TestDatabase;
  let engine: SeenEngine;
  let known: Map<string, Set<string>>;

  beforeAll(async () => {
    database = await freshDatabase();
    engine = await startSeenEngine(database.url);
    await engine.call('POST', '/v1/accounts', { id: 'acme', catalog: 'kyma' });
    await engine.call('POST', '/v1/accounts/acme/purchases', { id: 'b-1', amount: 'much' }, { 'idempotency-key': 'b-1' });
    const { text } = await engine.call('GET', '/metrics');
    // A relay takes a broker; what it tells is the same without one.
    const relay = new Telemetry({ metrics: new Metrics(), log: pino({ level: 'silent' }) });
    relay.relayOptions('topic');
    relay.relay({ status: () => Promise.reject(new Error('away')), condition: { state: 'standby', error: undefined } });
    known = exposed(`${text}\n${await relay.metrics.registry.metrics()}`);
  });
  afterAll(async () => {
    await engine.close();
    await database.drop();
  });

  const queries = [
    ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
    ...dashboard.templating.list.flatMap(({ name, definition }) => (definition === undefined ? [] : [[name, definition] as const])),
    ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ];

  it.each(queries)('%s asks for what is there', (_, expr) => {
    const metrics = metricsIn(expr);
    expect(metrics.length).toBeGreaterThan(0);
    expect(metrics.filter((name) => !known.has(name))).toEqual([]);
    const labels = new Set(metrics.flatMap((name) => [...known.get(name) ?? []]));
    expect(labelsIn(expr).filter((label) => !labels.has(label))).toEqual([]);
  });

  it('show every metric there is', () => {
    const asked = new Set(queries.flatMap(([, expr]) => metricsIn(expr)).map((name) => name.replace(/_(?:bucket|sum|count)$/, '')));
    const all = new Set([...known.keys()].map((name) => name.replace(/_(?:bucket|sum|count)$/, '')));
    expect([...all].filter((name) => !asked.has(name))).toEqual([]);
  });

  it('take the data source from a variable, and lay no panel over another', () => {
    expect(dashboard.templating.list.map(({ type }) => type)).toContain('datasource');
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');
    expect(panels.filter(({ datasource, description }) => datasource?.uid !== '${datasource}' || !description)).toEqual([]);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => Array.from({ length: w * h }, (_, n) => `${x + (n % w)}/${y + Math.floor(n / w)}`));
    expect(new Set(cells).size).toBe(cells.length);
  });
});
