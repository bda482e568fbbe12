import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Drains when it is asked to, as the processes of Meterbook do; what it says is heard from npm as it happens. */
const PROGRAM = `
let asked = 0;
const stop = () => { if ((asked += 1) === 1) setTimeout(() => { console.log('drained'); process.exit(0); }, 300); };
process.on('SIGTERM', stop).on('SIGINT', stop);
setTimeout(() => process.exit(9), 20_000);
console.log('ready');
`;

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Readonly<Record<string, string>> };
const starting = Object.entries(scripts).filter(([name]) => /^(start|meterbook)/.test(name));

/** npm hands a signal to the shell of a script, and a shell that waits for a program dies of it and leaves that running: scripts `exec` what they start. */
describe('a process started through npm', () => {
  let checkout: string;

  beforeAll(() => {
    checkout = mkdtempSync(path.join(tmpdir(), 'meterbook-npm-'));
    writeFileSync(path.join(checkout, 'package.json'), JSON.stringify({ scripts: Object.fromEntries(starting) }));
    for (const [, script] of starting) {
      const program = path.join(checkout, /dist\S+\.js/.exec(script)?.[0] ?? '');
      mkdirSync(path.dirname(program), { recursive: true });
      writeFileSync(program, PROGRAM);
    }
  });
  afterAll(() => rmSync(checkout, { recursive: true }));

  /** @returns what npm ended with, once nobody holds its output any more: neither it nor what it started is left */
  const stopped = async (name: string, stop: (npm: number) => void): Promise<{ readonly code: unknown; readonly said: string }> => {
    const npm = spawn('npm', ['run', '--silent', name], { cwd: checkout, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    npm.stdout.on('data', (chunk: Buffer) => {
      if (said === '') stop(npm.pid as number);
      said += chunk.toString();
    });
    const [code] = await once(npm, 'close') as [unknown];
    return { code, said };
  };

  it.each(starting.map(([name]) => name))('finishes what is under way when npm run %s gets a SIGTERM', async (name) => {
    expect(await stopped(name, (npm) => process.kill(npm, 'SIGTERM'))).toEqual({ code: 0, said: 'ready\ndrained\n' });
  }, 30_000);

  it('does so once at Ctrl-C, which the terminal sends to all of them and npm passes on', async () => {
    expect(await stopped('start', (npm) => process.kill(-npm, 'SIGINT'))).toEqual({ code: 0, said: 'ready\ndrained\n' });
  }, 30_000);
});
