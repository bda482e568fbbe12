import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Decimal } from 'decimal.js';
import { insist, openAccount } from './client.js';
import { freePort } from '../support/free-port.mjs';
import { EngineProcess, newDataDir, TOKEN } from './engine-process.js';

jest.setTimeout(600_000);

const ROWS = 20_000;
const KILLS = 3;
const MAIN = path.resolve('dist/apps/cli/src/main.js');

/** An import as a user runs it, with what it has said so far. */
const importing = (url: string, file: string, env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, [
    MAIN, 'import-usage', file, '--account', 'acme', '--model', 'qwen-3-coder', '--time', 'At', '--meter', 'input_tokens=In', '--meter', 'output_tokens=Out', '--url', url, '--batch', '100',
  ], { env: { ...process.env, METERBOOK_OPERATOR_TOKEN: TOKEN, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { text: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { said.text += chunk.toString(); });
  return { child, said, ended: once(child, 'exit') as Promise<[number | null, string | null]> };
};

describe('an import whose engine is killed', () => {
  const data = newDataDir();
  const env = { METERBOOK_DATA_DIR: data.dir };
  const file = path.join(data.dir, 'usage.csv');
  let engine: EngineProcess;
  let sum = new Decimal(0);

  beforeAll(async () => {
    engine = new EngineProcess(await freePort(), path.join(data.dir, 'data'));
    await engine.start();
    await openAccount(engine.url, 'acme', '1');
    writeFileSync(file, `At,In,Out\n${Array.from({ length: ROWS }, (_, n) => {
      const [input, output] = [(n * 7919) % 14_000, (n * 104_729) % 1_000];
      sum = sum.plus(new Decimal('0.00000068').times(input)).plus(new Decimal('0.00000216').times(output));
      return `2023-11-16 18:15:46.6805900,${input},${output}`;
    }).join('\n')}\n`);
  });
  afterAll(async () => {
    await engine.kill('SIGTERM');
    data.remove();
  });

  const spent = async (): Promise<string> => {
    const { body } = await insist(engine.url, 'GET', '/v1/accounts/acme/balance');
    return new Decimal(1).minus(String(body.remaining)).toFixed();
  };

  it('waits for it and goes on, and every row is billed once', async () => {
    const { said, ended } = importing(engine.url, file, env);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = new Decimal(await spent());
      while (new Decimal(await spent()).lte(before)) await pause(20);
      await engine.kill('SIGKILL');
      await pause(300);
      await engine.start();
    }
    expect({ code: (await ended)[0], said: said.text }).toEqual({ code: 0, said: expect.stringContaining('20,000 rows') as string });
    expect(said.text).toContain('the engine does not answer; trying again…');
    expect(await spent()).toBe(sum.toFixed());
  });

  it('may itself be killed and run again', async () => {
    await insist(engine.url, 'POST', '/v1/accounts', { id: 'other', catalog: 'kyma' });
    const first = importing(engine.url, file, env);
    await pause(1_500);
    first.child.kill('SIGKILL');
    await first.ended;
    const second = importing(engine.url, file, env);
    expect((await second.ended)[0]).toBe(0);
    expect(await spent()).toBe(sum.toFixed());
  });
});
