import { fchownSync, openSync } from 'node:fs';
import { copyFile, open, stat, truncate } from 'node:fs/promises';
import type { OsUser } from './os-user.js';
import { hasCode } from './start-error.js';

const MostBytes = 5 * 1024 * 1024;
const TailBytes = 64 * 1024;

/** What clients are told while the server starts, stops or turns them away; never the reason why it ended. */
const Noise = /the database system is|terminating (connection|walsender|background)|authentication failed|connections? slots|too many (clients|connections)/;

/**
 * The server's log: a plain file that the server appends to by itself, so that neither a busy nor a dead engine stands in
 * its way. It is kept to a bounded size: past 5 MB it is moved to `<file>.1`.
 */
export class ServerLog {
  constructor(readonly file: string, private readonly owner: OsUser | undefined) {}

  /** A descriptor for the server to append to; the caller closes it. */
  open(): number {
    const descriptor = openSync(this.file, 'a', 0o600);
    if (this.owner) fchownSync(descriptor, this.owner.uid, this.owner.gid);
    return descriptor;
  }

  async size(): Promise<number> {
    try {
      return (await stat(this.file)).size;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return 0;
      throw error;
    }
  }

  /** The server keeps the file open, so it is copied and emptied. A line written in between is lost. */
  async rotate(): Promise<void> {
    if ((await this.size()) < MostBytes) return;
    await copyFile(this.file, `${this.file}.1`);
    await truncate(this.file);
  }

  /** Why the server ended, in its own words, from what it wrote after `offset`. */
  async complaintSince(offset: number): Promise<string | undefined> {
    const size = await this.size();
    const from = Math.max(offset, size - TailBytes);
    if (size <= from) return undefined;
    const handle = await open(this.file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
      const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
      const complaints = lines.filter((line) => /(PANIC|FATAL): /.test(line) && !Noise.test(line));
      const worst = complaints.findLast((line) => line.includes('PANIC: ')) ?? complaints.at(-1);
      if (worst) return worst.replace(/^.*?(PANIC|FATAL): +/, '');
      // Before its log is set up the server just prints what is wrong.
      return lines.filter((line) => /^[^\t\d]/.test(line)).join(' ') || undefined;
    } finally {
      await handle.close();
    }
  }
}
