import { formatMoney, readAmount } from '#libs/money';
import { readSettings } from '#libs/settings';
import type { ApiClient } from '../client/api-client.js';
import { withEngine, type TargetOptions } from '../client/target.js';
import { operatorTokenFile } from '../../../api/src/start/operator-token.js';
import { count } from '../terminal/numbers.js';
import { startProgress } from '../terminal/progress.js';
import { table } from '../terminal/table.js';
import { personas, type Persona } from './personas.js';
import { stepsOf, Story, type Standing } from './story.js';

export interface DemoOptions extends TargetOptions {
  readonly accounts: number;
  readonly days: number;
  readonly seed: number;
}

/** `meterbook demo`: a month of a handful of customers, played through the public API. */
export const demo = async (options: DemoOptions): Promise<void> => {
  const { accounts, days } = options;
  const progress = startProgress({ title: 'demo', total: accounts * stepsOf(days) });
  let steps = 0;
  const onStep = (): void => progress.update((steps += 1), `${count(accounts)} accounts, ${count(days)} days`);
  const onWaiting = (waiting: boolean): void => progress.note(waiting ? 'the engine does not answer; trying again…' : '');
  try {
    await withEngine(options, { onWaiting }, async (client) => {
      const standings = await Promise.all(castOf(options).map(({ persona, account }) => new Story(client, persona, account, options.seed, onStep).play(days)));
      const rows = await Promise.all(standings.map((standing) => rowOf(client, standing)));
      progress.end();
      process.stdout.write(`${table([['account', 'catalog', 'requests', 'spent', 'available', 'held', 'warning'], ...rows])}\n${howToLook(options.url, standings)}\n`);
    });
  } finally {
    progress.end();
  }
};

const castOf = ({ accounts, seed }: DemoOptions): { persona: Persona; account: string }[] =>
  Array.from({ length: accounts }, (_, at) => {
    const persona = personas[at % personas.length] as Persona;
    const round = Math.floor(at / personas.length);
    return { persona, account: `demo-${seed}-${persona.name}${round === 0 ? '' : `-${round + 1}`}` };
  });

interface AccountBalance { readonly formatted: string; readonly held: string; readonly warning: { readonly code: string } | null }

const rowOf = async (client: ApiClient, { account, catalog, requests, spent, unit }: Standing): Promise<string[]> => {
  const { formatted, held, warning } = await client.get<AccountBalance>(`/v1/accounts/${account}/balance`);
  return [account, catalog, count(requests), formatMoney(readAmount(spent), unit), formatted, formatMoney(readAmount(held), unit), warning?.code ?? ''];
};

const howToLook = (url: string | undefined, [first]: readonly Standing[]): string => {
  const { dataDir, operatorTokens, port } = readSettings(process.env);
  const base = url?.replace(/\/$/, '') ?? `http://127.0.0.1:${port}`;
  const token = operatorTokens.length > 0 ? '$METERBOOK_OPERATOR_TOKEN' : `$(cat ${operatorTokenFile(dataDir)})`;
  const curl = (path: string): string => `  curl -H "Authorization: Bearer $TOKEN" "${base}/v1/accounts/${first?.account}/${path}"`;
  return `
Look at them${url === undefined ? ' (with the engine running: npm start)' : ''}:
  TOKEN=${token}
${curl('balance')}
${curl('transactions?limit=5')}
${curl('usage?status=502')}
${curl('usage?format=csv')}`;
};
