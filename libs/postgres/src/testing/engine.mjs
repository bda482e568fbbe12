/**
 * Stands for an engine, in a process that a test can kill: starts PostgreSQL from the build, tells what happens in lines of
 * JSON, stops on SIGTERM and just exits on SIGUSR2. Arguments: the built library, the data directory.
 */
const [library, dataDir] = process.argv.slice(2);
const { startEmbeddedPostgres, StartError } = await import(library);

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const log = { info: (message) => tell({ info: message }), warn: (message) => tell({ warn: message }) };

try {
  const began = performance.now();
  const postgres = await startEmbeddedPostgres({ dataDir, log, onStateChange: (state) => tell({ state }) });
  process.once('SIGTERM', () => void postgres.stop().then(() => tell({ stopped: true })));
  process.once('SIGUSR2', () => process.exit());
  tell({ url: postgres.url, tookMs: Math.round(performance.now() - began) });
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  tell({ startError: error.message });
  process.exitCode = 1;
}
