import { jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { insist, openAccount, tryOnce } from './client.js';
import { freePort } from '../support/free-port.mjs';
import { EngineProcess, meterbook, newDataDir, TOKEN } from './engine-process.js';

jest.setTimeout(300_000);

/** One that was caught by the failure is refused once the log has given up to find out what became of it: after 18 s. */
const ANSWERED_WITHIN_MS = 60_000;

/** Places holds one after another until one is refused for a failing part; answers the ids that were acknowledged. */
const holdUntil503 = async (url: string, prefix: string): Promise<string[]> => {
  const acknowledged: string[] = [];
  for (let n = 0; n < 100_000; n += 1) {
    const reply = await tryOnce(url, 'POST', '/v1/holds', { id: `${prefix}-${n}`, accountId: 'acme', amount: '0.01', ttlSeconds: 3_600 }, ANSWERED_WITHIN_MS);
    if (reply?.status === 201) acknowledged.push(`${prefix}-${n}`);
    else {
      expect(reply).toMatchObject({ status: 503, body: { code: expect.any(String) } });
      return acknowledged;
    }
  }
  throw new Error('never refused');
};

const expectKept = async (url: string, holds: readonly string[]): Promise<void> => {
  for (const hold of holds.slice(-20)) {
    expect(await insist(url, 'GET', `/v1/accounts/acme/holds/${hold}`)).toMatchObject({ status: 200, body: { id: hold, status: 'open' } });
  }
};

describe('a database that fails', () => {
  it('frozen, then killed: commands get 503, and go on by themselves when it is back', async () => {
    const data = newDataDir();
    const engine = new EngineProcess(await freePort(), data.dir);
    await engine.start();
    try {
      await openAccount(engine.url, 'acme', '1000');
      const loading = holdUntil503(engine.url, 'frozen');
      await pause(300);
      const thaw = engine.freezePostgres();
      const acknowledged = await loading;
      expect(acknowledged.length).toBeGreaterThan(0);
      // Frozen, then killed: the supervisor brings it back.
      thaw();
      engine.killPostgres();
      expect(await insist(engine.url, 'POST', '/v1/holds', { id: 'after', accountId: 'acme', amount: '0.01' })).toMatchObject({ status: 201 });
      await expectKept(engine.url, acknowledged);
    } finally {
      await engine.kill('SIGTERM');
      data.remove();
    }
  });

  it('without room on its disk: commands get 503, reads go on, and nothing acknowledged is lost when there is room again', async () => {
    const mount = mkdtempSync(path.join(tmpdir(), 'meterbook-small-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=420m', 'tmpfs', mount]);
    const dir = path.join(mount, 'data');
    mkdirSync(dir, { mode: 0o700 });
    const engine = new EngineProcess(await freePort(), dir);
    try {
      await engine.start();
      await openAccount(engine.url, 'acme', '1000');
      const filler = path.join(mount, 'filler');
      fillUp(filler);
      const acknowledged = await holdUntil503(engine.url, 'full');
      rmSync(filler);
      expect(await insist(engine.url, 'POST', '/v1/holds', { id: 'after', accountId: 'acme', amount: '0.01' })).toMatchObject({ status: 201 });
      await expectKept(engine.url, acknowledged);
      await engine.kill('SIGTERM');
      const verified = await meterbook(['verify'], { METERBOOK_DATA_DIR: dir, METERBOOK_OPERATOR_TOKEN: TOKEN });
      expect({ code: verified.code, output: verified.code === 0 ? '' : verified.output }).toEqual({ code: 0, output: '' });
    } finally {
      await engine.kill('SIGTERM');
      execFileSync('umount', ['-l', mount]);
      rmSync(mount, { recursive: true, force: true });
    }
  });
});

/** Writes until the disk has no room left. */
const fillUp = (file: string): void => {
  const chunk = Buffer.alloc(1 << 20);
  try {
    for (;;) writeFileSync(file, chunk, { flag: 'a' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
};
