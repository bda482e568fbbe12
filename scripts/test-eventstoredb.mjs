// Runs the contract of the event log on real servers: on the one that EVENTSTOREDB_URL names, else on one of each line of
// versions, in containers. Images may be named instead: npm run test:eventstoredb -- kurrentplatform/kurrentdb:26.1.1
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const IMAGES = ['eventstore/eventstore:22.10.5-jammy', 'eventstore/eventstore:24.10', 'kurrentplatform/kurrentdb:26.1.1'];
const CONTAINER = new URL('../test/support/eventstoredb/container/', import.meta.url);

const run = (command, args, env = {}) => {
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (status !== 0) process.exitCode = 1;
  return status === 0;
};
const runContract = (url) => run('npm', ['run', '--silent', 'jest', '--', '--coverage=false', 'eventstoredb/contract', '--testNamePattern', 'real EventStoreDB'], { EVENTSTOREDB_URL: url });

const runInContainers = async (images) => {
  const folder = fileURLToPath(CONTAINER);
  if (!existsSync(`${folder}node_modules`) && !run('npm', ['ci', '--silent', '--ignore-scripts', '--prefix', folder])) return;
  const { whyNoContainers, startServer } = await import(new URL('start.mjs', CONTAINER));
  const reason = await whyNoContainers();
  if (reason) {
    process.stderr.write(`No container can be started here (${reason}). Set EVENTSTOREDB_URL to a server of yours instead, such as esdb://127.0.0.1:2113?tls=false.\n`);
    process.exitCode = 1;
    return;
  }
  for (const image of images) {
    process.stdout.write(`${image}\n`);
    const server = await startServer(image);
    try {
      runContract(server.url);
    } finally {
      await server.stop();
    }
  }
};

if (process.env.EVENTSTOREDB_URL) runContract(process.env.EVENTSTOREDB_URL);
else await runInContainers(process.argv.length > 2 ? process.argv.slice(2) : IMAGES);
