import { Command, InvalidArgumentError, Option } from 'commander';
import { packageVersion } from '#libs/process';
import { settingsHelp } from '#libs/settings';

/** @param others what a command may also end with */
const exitCodes = (...others: readonly string[]): string =>
  `\nEnds with:\n${['0    all went well', '1    it failed; one line says why', ...others, '130  Ctrl-C stopped it'].map((line) => `  ${line}`).join('\n')}`;

const settingsList = (): string => {
  const settings = settingsHelp();
  const width = Math.max(...settings.map(({ name }) => name.length));
  const rows = settings.map(({ name, what, standard }) => `  ${name.padEnd(width)}  ${what}${standard === '' ? '' : ` (${standard})`}`);
  return `\nSettings are environment variables:\n${rows.join('\n')}`;
};

const examples = (...lines: readonly string[]): string => `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;

const wholeNumber = (least: number, most: number) => (text: string): number => {
  if (!/^[0-9]{1,15}$/.test(text) || Number(text) < least || Number(text) > most) throw new InvalidArgumentError(`A whole number from ${least} to ${most} is needed.`);
  return Number(text);
};

const meter = (text: string, before: ReadonlyMap<string, string> = new Map()): Map<string, string> => {
  const [, name, column] = /^([a-z][a-zA-Z0-9_]*)=(.+)$/.exec(text) ?? [];
  if (name === undefined || column === undefined) throw new InvalidArgumentError('A meter and its column are needed, such as input_tokens=ContextTokens.');
  if (before.has(name)) throw new InvalidArgumentError(`The meter ${name} is given twice.`);
  return new Map([...before, [name, column]]);
};

/** Options of commands that work through an engine. */
const throughEngine = (command: Command): Command => command
  .option('--url <url>', 'engine to work through; without it one is started on the data directory for as long as it takes')
  .option('--token <token>', 'operator token (METERBOOK_OPERATOR_TOKEN, or the one in the data directory)');

/** All commands. What a command does is loaded when it runs, so that --help is quick. */
export const program = (): Command => {
  const meterbook = new Command('meterbook')
    .description('Event-sourced billing for metered APIs.')
    .version(packageVersion(), '-v, --version')
    .showHelpAfterError('(add --help for what is possible)')
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'meterbook: ')) })
    .addHelpText('after', exitCodes('2    some rows of an import were rejected'))
    // Commander shows this help to whoever asks for that of a command there is none of, as if all were well.
    .on('beforeHelp', () => {
      const [name, asked] = meterbook.args;
      const unknown = name === 'help' ? asked : name;
      if (unknown !== undefined && !unknown.startsWith('-')) meterbook.error(`error: unknown command '${unknown}'`);
    });

  meterbook.command('start')
    .description('start everything in one process: PostgreSQL (unless DATABASE_URL names one), HTTP, read models, expiry')
    .addHelpText('after', () => `${settingsList()}
${examples('npm start', 'PORT=8080 METERBOOK_DATA_DIR=/srv/meterbook meterbook start')}

The first Ctrl-C (or SIGTERM) finishes what is under way and ends with 0, a second stops at once.
${exitCodes()}`)
    .action(async () => (await import('./start/start.js')).start());

  throughEngine(meterbook.command('import-usage').argument('<file>', 'CSV file with a header'))
    .description('bill usage from a CSV file; importing it again changes nothing')
    .requiredOption('--account <id>', 'account to bill')
    .requiredOption('--time <column>', 'column with the time of use: RFC 3339, or without a zone in UTC')
    .addOption(new Option('--model <name>', 'model that all rows used').conflicts('modelColumn'))
    .option('--model-column <column>', 'column with the model of each row')
    .option('--meter <meter=column>', 'column with the quantity of a meter; may be given for several', meter)
    .option('--id <column>', 'column with an id of each row, unique in all files of the account; without it a row is known by the file\'s content and its line')
    .option('--rejects <file>', 'where rows go that cannot be billed, with their line and the reason (usage.rejects.csv for usage.csv, where this is run)')
    .option('--batch <rows>', 'rows sent at once', wholeNumber(1, 1_000), 500)
    .addHelpText('after', `
To bill rows that were rejected, mend them in the rejects file and import that with the same options; its columns line and
reason change nothing. Do not mend the original: without --id a file that was changed is another file, and all of its rows
would be billed again.
${examples(
      'meterbook import-usage usage.csv --account acme --model qwen-3-coder --time TIMESTAMP \\',
      '    --meter input_tokens=ContextTokens --meter output_tokens=GeneratedTokens --url http://127.0.0.1:3000',
      'meterbook import-usage calls.csv --account acme --model-column Model --time At --id RequestId',
    )}\n${exitCodes('2    some rows were rejected')}`)
    .action(async (file, options) => (await import('./import-usage/import-usage.js')).importUsage(file, options));

  throughEngine(meterbook.command('rebuild').argument('[name...]', 'read models; all of them when none is named'))
    .description('rebuild read models beside the live ones, then switch')
    .addHelpText('after', `${examples('meterbook rebuild', 'meterbook rebuild balance usage-log --url http://127.0.0.1:3000')}\n${exitCodes()}`)
    .action(async (names, options) => (await import('./rebuild/rebuild.js')).rebuild(names, options));

  meterbook.command('verify')
    .description('recompute hash chains, balances, snapshots and read models from the log, and name the first difference')
    .addHelpText('after', `
It reads the database of DATABASE_URL, or the one in the data directory, with an engine running or without.
${examples('meterbook verify', 'DATABASE_URL=postgres://meterbook@db/meterbook meterbook verify')}\n${exitCodes()}`)
    .action(async () => (await import('./verify/verify.js')).verify());

  meterbook.command('migrate-log')
    .description('move the event log from PostgreSQL to EventStoreDB, or to another PostgreSQL, and compare both to the byte')
    .option('--from <url>', 'PostgreSQL the log is in (DATABASE_URL, or the one in the data directory)')
    .option('--to <url>', 'EventStoreDB or PostgreSQL it goes to, without events of Meterbook')
    .option('--database <url>', 'PostgreSQL that the engine on the new log will use, for snapshots and the id index (that of --to, or else of --from)')
    .option('--unseal', 'open the log of --from for writing again instead: the move is called off')
    .addHelpText('after', `
It first seals the log for good: engines on it answer every write with 503, and no event can be added behind its back. Then
it copies ids, revisions and bodies, and compares. Cut off at any point, run it again: it goes on where it was. The old log
is left as it is, sealed.
${examples(
    'meterbook migrate-log --from postgres://meterbook@db/meterbook --to esdb://admin:changeit@events:2113',
    'METERBOOK_DATA_DIR=./data meterbook migrate-log --to esdb://events:2113?tls=false --database postgres://meterbook@db/meterbook',
    'meterbook migrate-log --from postgres://meterbook@db/meterbook --unseal',
  )}\n${exitCodes()}`)
    .action(async (options) => (await import('./migrate-log/migrate-log.js')).migrateLog(options));

  meterbook.command('new-log-identity')
    .description('tell a restored or copied event log from the one it was, so that nothing fed from events it lacks goes on from it')
    .option('--yes', 'all processes of Meterbook are stopped, and what was fed from the log may begin anew')
    .addHelpText('after', `
A log that was restored is the same log to whatever was fed from it, though positions in it will mean other events. Do this
when it is older than read models in another database or than a Kafka topic, or when it will run beside the original. Events
stay as they are. Then: another KAFKA_TOPIC where there is a relay, start the processes, and meterbook rebuild.
${examples(
    'DATABASE_URL=postgres://meterbook@db/meterbook meterbook new-log-identity --yes',
    'EVENT_LOG=eventstoredb EVENTSTOREDB_URL=esdb://events:2113 DATABASE_URL=postgres://meterbook@db/meterbook meterbook new-log-identity --yes',
  )}\n${exitCodes()}`)
    .action(async (options) => (await import('./new-log-identity/new-log-identity.js')).newLogIdentity(options));

  throughEngine(meterbook.command('demo'))
    .description('fill a month of believable traffic, through the public API; run again it changes nothing')
    .option('--accounts <number>', 'accounts to open', wholeNumber(1, 100), 5)
    .option('--days <number>', 'days of traffic before today', wholeNumber(1, 366), 30)
    .option('--seed <number>', 'another number makes other traffic, for other accounts', wholeNumber(0, 2 ** 31), 1)
    .addHelpText('after', `${examples('meterbook demo --url http://127.0.0.1:3000', 'meterbook demo --accounts 20 --days 90 --seed 7')}\n${exitCodes()}`)
    .action(async (options) => (await import('./demo/demo.js')).demo(options));

  return meterbook;
};
