import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { readSettings, settingsHelp } from '#libs/settings';

/** No container engine is needed to see whether the files name what is there: what is checked here is what a start would stumble over. */

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly cap_drop?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const compose = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const ours = services.filter(([, { image }]) => image === 'meterbook');
const servers = services.filter(([, { image }]) => image !== 'meterbook');
/** `dist/apps/api/src/main.js` is made of `apps/api/src/main.ts`. */
const sourceOf = (program: string): string => program.replace(/^dist\//, '').replace(/\.js$/, '.ts');

const lines = readFileSync('Dockerfile', 'utf8').replaceAll('\\\n', ' ').split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
  const [instruction = '', ...rest] = line.split(/\s+/);
  return { instruction, rest };
});
const last = (instruction: string): string => lines.findLast((line) => line.instruction === instruction)?.rest.join(' ') ?? '';

describe('docker-compose.yml', () => {
  it('starts every process, and the servers they need', () => {
    expect(services.map(([name]) => name).toSorted()).toEqual(['api', 'kafka', 'kurrentdb', 'postgres', 'projector', 'relay', 'scheduler']);
  });

  it.each(ours)('%s runs a program that there is, with settings that go together', (_, { command, environment }) => {
    const known = settingsHelp().map(({ name }) => name);
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
    expect(command?.map(sourceOf).every((file) => existsSync(file))).toBe(true);
    const plain = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value.replaceAll(/\$\{\w+(?::(?:-([^}]*)|\?[^}]*))?\}/g, (_all, standard?: string) => standard ?? 'token-for-a-test-of-ours')]));
    expect(readSettings(plain)).toMatchObject({ eventLog: { kind: 'eventstoredb' }, eventFeed: { kind: 'kafka' }, remarks: [] });
  });

  it.each(ours)('%s waits for the servers to be well, and may do nothing it need not', (_, service) => {
    expect(service.depends_on).toEqual(Object.fromEntries(servers.map(([name]) => [name, { condition: 'service_healthy' }])));
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], init: true });
  });

  it.each(ours)('%s reaches the servers by their names', (_, { environment: { DATABASE_URL = '', EVENTSTOREDB_URL = '', KAFKA_BROKERS = '' } }) => {
    const named = [DATABASE_URL.replaceAll(/\$\{[^}]*\}/g, 'x'), EVENTSTOREDB_URL, `kafka://${KAFKA_BROKERS}`].map((url) => new URL(url).hostname);
    expect(named).toEqual(['postgres', 'kurrentdb', 'kafka']);
  });

  it.each(servers)('%s is of one version, says how it is, and keeps its data in a volume', (_, { image, healthcheck, volumes }) => {
    expect(image).toMatch(/:\d+(\.\d+)+$/);
    expect(healthcheck?.test[0]).toBe('CMD');
    expect(volumes?.map((volume) => volume.split(':')[0])).toEqual([expect.stringMatching(/^\w+$/)]);
    expect(Object.keys(compose.volumes)).toContain(volumes?.[0]?.split(':')[0]);
  });

  it('offers its port to this machine alone', () => {
    expect(services.flatMap(([, service]) => (service as { ports?: string[] }).ports ?? [])).toEqual(['127.0.0.1:3000:3000']);
  });
});

describe('Dockerfile', () => {
  it('is made of one version of Node, which package.json allows', () => {
    const bases = new Set(lines.filter(({ instruction }) => instruction === 'FROM').map(({ rest }) => rest[0]));
    expect([...bases]).toEqual([expect.stringMatching(/^node:\d+\.\d+\.\d+-bookworm-slim$/)]);
  });

  it('runs as a user without rights, and says how it is', () => {
    expect(last('USER')).toBe('node');
    const after = lines.slice(lines.findLastIndex(({ instruction }) => instruction === 'USER'));
    expect(after.map(({ instruction }) => instruction)).toEqual(['USER', 'EXPOSE', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD']);
    expect(last('HEALTHCHECK')).toContain('CMD ["node", "scripts/healthy.mjs"]');
  });

  it('starts what npm start starts, as it does', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const command = [...JSON.parse(last('ENTRYPOINT')) as string[], ...JSON.parse(last('CMD')) as string[]];
    expect(`exec ${command.join(' ')}`).toBe(scripts.start);
  });

  it('copies what is there and what the context lets in', () => {
    const ignore = readFileSync('.dockerignore', 'utf8').split('\n');
    const sources = lines.filter(({ instruction, rest }) => instruction === 'COPY' && !rest[0]?.startsWith('--from=')).flatMap(({ rest }) => rest.slice(0, -1));
    expect(sources.filter((source) => !existsSync(source))).toEqual([]);
    expect(sources.filter((source) => !ignore.includes(`!${source}`))).toEqual([]);
  });
});
