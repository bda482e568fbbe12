// A real Kafka broker without a container engine: its class path through Maven, KRaft on Java 17. For tests, and by hand
// (`node scripts/kafka.mjs --help`). Nothing of Meterbook needs it to run.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import kafkajs from 'kafkajs';
import { freePort } from '../test/support/free-port.mjs';

/** The newest that Maven gave, and the last of those before. */
export const CURRENT = '4.3.1';
export const BEFORE = '3.9.2';

const CACHE = fileURLToPath(new URL('../node_modules/.cache/kafka/', import.meta.url));
/** A download that breaks off is asked for again; what has come is kept. */
const TRIES_AGAIN = 2;
const START_WITHIN_MS = 90_000;
const READY_AFTER_MS = 250;
const GENTLE_MS = 15_000;

/** Small and quick to start rather than fast: a test's broker lives for seconds. */
const JAVA = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];

/** Why no broker can be started here, in one line; undefined when one can. */
export const whyNoKafka = () => {
  if (process.platform === 'win32') return 'the script that runs a Kafka broker knows no Windows';
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (java.error || java.status !== 0) return 'there is no Java (17 or later), which a Kafka broker runs on';
  const version = Number(/version "(?:1\.)?(\d+)/.exec(java.stderr)?.[1]);
  if (version < 17) return `Java is version ${version}, and a Kafka broker needs 17 or later`;
  return spawnSync('mvn', ['--version']).status === 0 ? undefined : 'there is no Maven (mvn), which fetches the Kafka broker';
};

const POM = (version) => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>meterbook</groupId><artifactId>kafka-broker</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

/** The broker's jars, fetched once for each version. */
const classPath = (version) => {
  if (!/^\d+(\.\d+)+$/.test(version)) throw new Error(`${version} is no version of Kafka: ${CURRENT} is one`);
  const known = join(CACHE, version, 'classpath');
  const cached = existsSync(known) ? readFileSync(known, 'utf8') : '';
  if (cached !== '' && cached.split(delimiter).every((jar) => existsSync(jar))) return cached;
  mkdirSync(join(CACHE, version), { recursive: true });
  const work = mkdtempSync(join(CACHE, version, 'maven-'));
  try {
    writeFileSync(join(work, 'pom.xml'), POM(version));
    const fetchJars = () => spawnSync('mvn', [
      '--batch-mode', '--quiet', 'dependency:build-classpath', '-DincludeScope=runtime', '-Dmdep.outputFile=classpath',
    ], { cwd: work, encoding: 'utf8' });
    let { status, stdout } = fetchJars();
    for (let again = 0; status !== 0 && again < TRIES_AGAIN; again += 1) ({ status, stdout } = fetchJars());
    if (status !== 0) throw new Error(`Maven found no Kafka ${version}: ${stdout.split('\n').find((line) => line.includes('ERROR')) ?? 'it says nothing'}`);
    renameSync(join(work, 'classpath'), known);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return readFileSync(known, 'utf8');
};

/** Whom a broker with `secure` lets in, by each of these mechanisms. */
export const LOGIN = { username: 'meterbook', password: 'a-password-of-tests' };
const SCRAM = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];

/** A certificate for 127.0.0.1, which its clients have to be given. */
const certify = (home) => {
  const keytool = (...args) => {
    const { status, stdout, stderr } = spawnSync('keytool', [...args, '-keystore', join(home, 'key.p12'), '-storepass', LOGIN.password, '-alias', 'broker'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`keytool: ${stdout}${stderr}`);
    return stdout;
  };
  keytool('-genkeypair', '-keyalg', 'EC', '-dname', 'CN=127.0.0.1', '-ext', 'SAN=ip:127.0.0.1', '-validity', '2');
  const certificate = keytool('-exportcert', '-rfc');
  writeFileSync(join(home, 'ca.pem'), certificate);
  return certificate;
};

const secured = (home) => ({
  'ssl.keystore.location': join(home, 'key.p12'),
  'ssl.keystore.password': LOGIN.password,
  'ssl.truststore.type': 'PEM',
  'ssl.truststore.location': join(home, 'ca.pem'),
  'sasl.enabled.mechanisms': ['PLAIN', ...SCRAM].join(','),
  'sasl.mechanism.inter.broker.protocol': 'PLAIN',
  'listener.name.sasl_ssl.plain.sasl.jaas.config': 'org.apache.kafka.common.security.plain.PlainLoginModule required '
    + `username="${LOGIN.username}" password="${LOGIN.password}" user_${LOGIN.username}="${LOGIN.password}";`,
  ...Object.fromEntries(SCRAM.map((name) => [
    `listener.name.sasl_ssl.${name.toLowerCase()}.sasl.jaas.config`, 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  ])),
});

/** One node that is all of a cluster: nothing waits for a second copy, and no topic appears because somebody named it. */
const properties = (home, { port, advertisedPort, controllerPort, secure }) => Object.entries({
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
  'controller.listener.names': 'CONTROLLER',
  'inter.broker.listener.name': secure ? 'SASL_SSL' : 'PLAINTEXT',
  listeners: `${secure ? 'SASL_SSL' : 'PLAINTEXT'}://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
  'advertised.listeners': `${secure ? 'SASL_SSL' : 'PLAINTEXT'}://127.0.0.1:${advertisedPort}`,
  'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL',
  ...(secure ? secured(home) : {}),
  'log.dirs': join(home, 'log'),
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'group.initial.rebalance.delay.ms': 0,
  // A broker that was killed may come back only when its old session is over.
  'broker.session.timeout.ms': 1_500,
  'broker.heartbeat.interval.ms': 300,
  'auto.create.topics.enable': false,
}).map(([name, value]) => `${name}=${value}\n`).join('');

/**
 * Ends the broker and removes its data when we end, however we end: it waits for the end of a pipe that only we hold.
 * The process is killed only while it is still the one that runs on this data.
 */
const GUARD = 'cat >/dev/null; pid=$(cat "$1/pid" 2>/dev/null) && ps -o args= -p "$pid" | grep -qF "$1" && kill -9 "$pid"; rm -rf "$1"';

const exited = (child) => (child.exitCode !== null || child.signalCode !== null ? Promise.resolve()
  : new Promise((resolve) => { child.once('exit', resolve); }));

const client = (address, ca) => new kafkajs.Kafka({
  clientId: 'readiness', brokers: [address], connectionTimeout: 1_000, requestTimeout: 5_000, retry: { retries: 0 }, logCreator: () => () => {},
  ...(ca && { ssl: { ca: [ca] }, sasl: { mechanism: 'plain', ...LOGIN } }),
});

/** Ready is when a cluster answers, and a consumer group would find its coordinator. */
const untilReady = async (address, ca, isAlive) => {
  const until = Date.now() + START_WITHIN_MS;
  for (;;) {
    const admin = client(address, ca).admin();
    try {
      await admin.connect();
      await admin.describeCluster();
      await admin.fetchOffsets({ groupId: 'readiness' });
      return;
    } catch (error) {
      if (!isAlive()) throw new Error('the Kafka broker ended while it started', { cause: error });
      if (Date.now() > until) throw new Error(`the Kafka broker was not ready within ${START_WITHIN_MS / 1_000} s`, { cause: error });
    } finally {
      await admin.disconnect().catch(() => {});
    }
    await delay(READY_AFTER_MS);
  }
};

/**
 * Starts a broker on data of its own and waits until it is ready. It ends with this process, its data with it.
 * @param {{ version?: string, port?: number, advertisedPort?: number, secure?: boolean }} options `secure`: over TLS, for
 * who logs in (see LOGIN); `advertisedPort`: where its clients are told to find it, when something stands between
 */
export const startBroker = async ({ version = CURRENT, port: wanted, advertisedPort, secure = false } = {}) => {
  const jars = classPath(version);
  const [port, controllerPort] = [wanted ?? await freePort(), await freePort()];
  const home = mkdtempSync(join(tmpdir(), 'meterbook-kafka-'));
  const settings = join(home, 'server.properties');
  writeFileSync(settings, properties(home, { port, advertisedPort: advertisedPort ?? port, controllerPort, secure }));
  const ca = secure ? certify(home) : undefined;
  const guard = spawn('sh', ['-c', GUARD, 'guard', home], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.unref();
  guard.stdin.unref?.();

  let said = '';
  const java = (args) => {
    const child = spawn('java', [...JAVA, '-cp', jars, ...args], { cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const output of [child.stdout, child.stderr]) output.on('data', (text) => { said = (said + text).slice(-20_000); });
    return child;
  };
  const format = java([
    'kafka.tools.StorageTool', 'format', '--cluster-id', randomBytes(16).toString('base64url').replace(/^-/, 'A'), '--config', settings,
    ...(secure ? SCRAM.flatMap((name) => ['--add-scram', `${name}=[name=${LOGIN.username},password=${LOGIN.password}]`]) : []),
  ]);
  await exited(format);
  if (format.exitCode !== 0) throw new Error(`Kafka's storage could not be made: ${said}`);

  let server;
  const address = `127.0.0.1:${port}`;
  const start = async () => {
    server = java(['kafka.Kafka', settings]);
    writeFileSync(join(home, 'pid'), String(server.pid));
    const child = server;
    await untilReady(address, ca, () => child.exitCode === null && child.signalCode === null)
      .catch((error) => { throw new Error(`${error.message}: ${said}`, { cause: error }); });
  };
  const kill = async (signal = 'SIGKILL') => {
    server.kill(signal);
    await exited(server);
  };
  await start();
  return {
    version, port, home, brokers: [address],
    /** PEM text of whom to trust, for a broker with `secure`. */
    ca,
    /** As if its machine had lost power, but for what the system still holds of its files. */
    kill: () => kill(),
    /** On the same port and data. */
    restart: async () => {
      await kill();
      await start();
    },
    freeze: () => { server.kill('SIGSTOP'); },
    thaw: () => { server.kill('SIGCONT'); },
    /** Resolves when it ends, by itself or not. */
    ended: () => exited(server),
    /** Its data is removed. */
    stop: async () => {
      server.kill('SIGCONT');
      await Promise.race([kill('SIGTERM'), delay(GENTLE_MS, undefined, { ref: false })]);
      await kill();
      guard.stdin.end();
      await exited(guard);
    },
  };
};

const HELP = `Runs a real Kafka broker on this machine, for tests and for trying the enterprise shape. Needs Java 17 and Maven.

  node scripts/kafka.mjs [--version ${CURRENT}] [--port 9092]

  --version   of Kafka; ${CURRENT} unless told, and ${BEFORE} is the last before 4
  --port      to listen on, at 127.0.0.1; any free one unless told

Prints KAFKA_BROKERS=<address> when it is ready, and runs until Ctrl-C. Its data is removed with it.
`;

const main = async () => {
  const { values: { help, version, port } } = parseArgs({
    options: { help: { type: 'boolean' }, version: { type: 'string', default: CURRENT }, port: { type: 'string' } },
  });
  if (help) {
    process.stdout.write(HELP);
    return;
  }
  const reason = whyNoKafka();
  if (reason) throw new Error(`No Kafka broker: ${reason}.`);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopping.abort());
  const broker = await startBroker({ version, port: port === undefined ? undefined : Number(port) });
  process.stdout.write(`KAFKA_BROKERS=${broker.brokers.join(',')}\n`);
  await Promise.race([broker.ended(), new Promise((resolve) => { stopping.signal.addEventListener('abort', resolve); })]);
  if (!stopping.signal.aborted) process.stderr.write('the Kafka broker ended by itself\n');
  await broker.stop();
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
