import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { requireRejectsFile } from './rejects.js';
import { importUsage } from './import-usage.js';

const newFolder = (): Promise<string> => mkdtemp(path.join(tmpdir(), 'meterbook-rejects-'));

describe('the file for rejected rows', () => {
  it('is known to be writable before there is one, and is not made for that', async () => {
    const folder = await newFolder();
    await requireRejectsFile(path.join(folder, 'usage.rejects.csv'));
    expect(await readdir(folder)).toEqual([]);
  });

  it('stays as it is where there is one', async () => {
    const file = path.join(await newFolder(), 'usage.rejects.csv');
    await writeFile(file, 'line,reason,At\r\n');
    await requireRejectsFile(file);
    expect(await readFile(file, 'utf8')).toBe('line,reason,At\r\n');
  });

  it('is refused before an engine is looked for, and so before anything is billed, where none can be made', async () => {
    const folder = await newFolder();
    await writeFile(path.join(folder, 'usage.csv'), 'At,In\n2026-01-01 10:00:00,1\nnever,1\n');
    const importing = (rejects: string): Promise<void> => importUsage(path.join(folder, 'usage.csv'), {
      account: 'acme', model: 'm', time: 'At', meter: new Map([['input_tokens', 'In']]), batch: 1, url: 'no engine', token: 't', rejects,
    });
    const missing = path.join(folder, 'missing', 'bad.csv');
    await expect(importing(missing)).rejects.toThrow(`Rejected rows cannot be written to ${missing} (ENOENT); nothing was billed. Name another file with --rejects.`);
    await expect(importing(folder)).rejects.toThrow(`Rejected rows cannot be written to ${folder} (EISDIR);`);
    await expect(importing(path.join(folder, 'good.csv'))).rejects.toThrow('--url is "no engine"');
    expect(await readdir(folder)).toEqual(['usage.csv']);
  });
});
