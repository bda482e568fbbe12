import { release } from 'node:os';

/** Since Linux 5.8 syncfs reports what could not be written. */
const trustsSyncfs = (): boolean => {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return process.platform === 'linux' && (major > 5 || (major === 5 && minor >= 8));
};

/**
 * How the embedded server runs: every setting that is not PostgreSQL's own default, and why. They are given on the command
 * line, so they follow the engine's version and outrank the data directory's postgresql.conf, which stays the operator's
 * for everything else.
 */
export const serverSettings = (port: number): Readonly<Record<string, string>> => ({
  // Only this machine, only by TCP: the path of a socket in a deep data directory passes the 107 bytes that the kernel allows.
  listen_addresses: '127.0.0.1',
  port: String(port),
  unix_socket_directories: '',

  // PostgreSQL's defaults, held fast: what was acknowledged is on disk, and no configuration file may undo that.
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  // On macOS fsync alone leaves data in the drive's cache.
  ...(process.platform === 'darwin' && { wal_sync_method: 'fsync_writethrough' }),

  // After a crash all log since the last checkpoint is replayed: about a second for 256 MB, five for 1 GB. The price is more
  // checkpoints and after each the full images of the pages touched, 40 % more log under full load; throughput did not suffer.
  max_wal_size: '256MB',
  checkpoint_timeout: '1min',
  // Before that, everything must be on disk: one call for the whole file system (20 ms) in place of one for each of 1,300 files,
  // which take two seconds on a busy disk.
  ...(trustsSyncfs() && { recovery_init_sync_method: 'syncfs' }),
  // Checkpoints every few seconds under full load are meant; do not warn of them.
  checkpoint_warning: '0',
  // Reuse log files once made rather than shrink when idle: making one means writing and syncing 16 MB while a commit waits.
  min_wal_size: '256MB',

  // The engine supervises: after a crash of any server process the whole server ends and is started again with back-off, and
  // whoever asks for the engine's health learns of it. PostgreSQL's own restart would be silent and without pause.
  restart_after_crash: 'off',

  // Statements are short and repeated; compiling them costs more than it saves.
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
});
