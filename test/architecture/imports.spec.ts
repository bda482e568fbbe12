import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Who may import whom. The domain is pure because nothing impure can reach it; a read model cannot decide because it
 * cannot see a decider.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  money: ['kernel'],
  domain: ['kernel', 'money'],
  postgres: ['kernel'],
  'event-log': ['kernel', 'postgres'],
  'event-feed': ['kernel', 'event-log', 'postgres'],
  relay: ['kernel', 'event-log', 'event-feed', 'postgres'],
  'read-models': ['kernel', 'money', 'domain', 'event-log', 'event-feed', 'postgres'],
  commands: ['kernel', 'money', 'domain', 'event-log'],
  http: ['kernel', 'money', 'domain'],
  settings: ['http', 'event-feed'],
  process: ['kernel', 'postgres', 'settings'],
  // It stands around the others, which know nothing of it.
  telemetry: ['kernel', 'event-log', 'event-feed', 'commands', 'read-models', 'relay', 'http'],
  engine: ['kernel', 'event-log', 'event-feed', 'http', 'postgres', 'process', 'settings', 'telemetry'],
};

/** Outside packages and built-ins that pure code may use. */
const PURE_PACKAGES = ['zod', 'node:crypto'];
/** Names of the domain that decide; a read model folds, it never decides. */
const DECIDERS = /\b(transition|transitionCatalog|applyDue)\b/;

const filesUnder = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
  const path = join(folder, entry.name);
  if (entry.isDirectory()) return entry.name === 'testing' ? [] : filesUnder(path);
  return entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts') ? [path] : [];
});

const importsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^\s*(?:import|export)\b[^'"]*?from\s*['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm)].map(([, a, b]) => a ?? b ?? '');

const libs = readdirSync('libs').filter((name) => statSync(join('libs', name)).isDirectory());

describe('imports', () => {
  it('every lib has a rule', () => expect(libs.filter((lib) => !(lib in MAY_IMPORT))).toEqual([]));

  it.each(Object.keys(MAY_IMPORT))('%s imports only what it may', (lib) => {
    const wrong = filesUnder(join('libs', lib)).flatMap((file) => importsOf(file)
      .filter((name) => name.startsWith('#libs/') && !MAY_IMPORT[lib]?.includes(name.slice('#libs/'.length)))
      .map((name) => `${file}: ${name}`));
    expect(wrong).toEqual([]);
  });

  it.each(['kernel', 'money', 'domain'])('%s is pure: no framework, database, clock, randomness or environment', (lib) => {
    const wrong = filesUnder(join('libs', lib)).flatMap((file) => {
      const outside = importsOf(file).filter((name) => !name.startsWith('.') && !name.startsWith('#libs/') && !PURE_PACKAGES.includes(name));
      // The system clock is the one adapter that lives beside its port.
      const impure = file.endsWith('clock.ts') ? [] : readFileSync(file, 'utf8').match(/\b(Date\.now|new Date\(\)|Math\.random|randomUUID|process\.env|performance\.now|setTimeout)\b/g) ?? [];
      return [...outside, ...impure].map((name) => `${file}: ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it('read models never decide', () => {
    expect(filesUnder('libs/read-models').filter((file) => DECIDERS.test(readFileSync(file, 'utf8')))).toEqual([]);
  });

  it('no app imports another app, but the command line, which starts them', () => {
    const wrong = readdirSync('apps').filter((app) => app !== 'cli').flatMap((app) => filesUnder(join('apps', app))
      .filter((file) => importsOf(file).some((name) => name.includes('/apps/') || /(\.\.\/){2,}(api|cli|relay|projector|scheduler)\//.test(name))));
    expect(wrong).toEqual([]);
  });
});
