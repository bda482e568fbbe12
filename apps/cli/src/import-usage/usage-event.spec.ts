import { mkdtemp, readFile, access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findColumns } from './columns.js';
import { RejectsFile } from './rejects.js';
import { timeOf, usageEventOf } from './usage-event.js';

const header = ['TIMESTAMP', 'ContextTokens ', 'GeneratedTokens', 'Model', 'Request'];
const names = { time: 'TIMESTAMP', meters: new Map([['input_tokens', 'ContextTokens'], ['output_tokens', 'GeneratedTokens']]), model: { name: 'qwen' }, id: undefined };
const columns = findColumns('usage.csv', header, names);
const cells = ['2023-11-16 18:15:46.6805900', '374', ' 44', 'glm', 'r-1'];
const event = (changed: Readonly<Record<number, string>> = {}, from = columns) =>
  usageEventOf({ line: 7, end: 0, cells: cells.map((cell, at) => changed[at] ?? cell) }, { account: 'acme', source: 'import:abc', columns: from });

describe('the time of a row', () => {
  it.each([
    ['2023-11-16 18:15:46.6805900', '2023-11-16T18:15:46.680Z'],
    ['2023-11-16T18:15:46', '2023-11-16T18:15:46.000Z'],
    ['2023-11-16T18:15:46.9999Z', '2023-11-16T18:15:46.999Z'],
    ['2023-11-16 19:15:46+01:00', '2023-11-16T18:15:46.000Z'],
    ['2023-11-16t18:15:46z', '2023-11-16T18:15:46.000Z'],
  ])('%s is %s', (text, instant) => expect(timeOf(text)).toBe(instant));

  it.each(['', 'yesterday', '2023-11-16', '2023-02-30 10:00:00', '2023-11-16 25:00:00', '16.11.2023 18:15:46', '1700158546'])(
    '%j is refused', (text) => expect(() => timeOf(text)).toThrow('is not a time such as'),
  );
});

describe('a row as usage', () => {
  it('takes quantities as text, and the line for its id', () => expect(event()).toEqual({
    specversion: '1.0', id: '7', source: 'import:abc', type: 'usage', subject: 'acme', time: '2023-11-16T18:15:46.680Z',
    data: { model: 'qwen', usage: { input_tokens: '374', output_tokens: '44' } },
  }));

  it('takes id and model from columns', () => {
    const from = findColumns('usage.csv', header, { ...names, model: { column: 'Model' }, id: 'Request' });
    expect(event({}, from)).toMatchObject({ id: 'r-1', data: { model: 'glm' } });
    expect(() => event({ 3: ' ' }, from)).toThrow('it has no model');
    expect(() => event({ 4: 'a b' }, from)).toThrow('"a b" is no id');
  });

  it.each(['', '-1', '1e3', '1,000', 'many', 'NaN'])('refuses the quantity %j by its column', (text) => {
    expect(() => event({ 1: text })).toThrow(/^ContextTokens: .* a plain number such as 374 or 0.5 is needed$/);
  });

  it('says why a broken row is one', () => {
    expect(() => usageEventOf({ line: 2, end: 9, cells: ['x'], broken: 'it has 1 columns, the header has 5' }, { account: 'acme', source: 's', columns })).toThrow('it has 1 columns');
  });
});

describe('columns', () => {
  it('lists those that are there when one is not', () => {
    expect(() => findColumns('usage.csv', header, { ...names, time: 'Time' }))
      .toThrow('usage.csv has no column Time; its columns are TIMESTAMP, ContextTokens, GeneratedTokens, Model, Request.');
  });

  it('refuses a name that stands twice', () => {
    expect(() => findColumns('usage.csv', ['TIMESTAMP', 'TIMESTAMP'], { ...names, meters: new Map() })).toThrow('more than one column TIMESTAMP');
  });
});

describe('the rejects file', () => {
  const inTemp = async (): Promise<string> => path.join(await mkdtemp(path.join(tmpdir(), 'meterbook-rejects-')), 'usage.rejects.csv');

  it('is not made when there is nothing to write', async () => {
    const file = await inTemp();
    const rejects = new RejectsFile(file, header);
    await rejects.add([]);
    await rejects.close();
    await expect(access(file)).rejects.toThrow('ENOENT');
  });

  it('keeps the cells as they were, and makes no formula of any', async () => {
    const file = await inTemp();
    const rejects = new RejectsFile(file, ['Time', 'Tokens']);
    await rejects.add([{ line: 2, cells: ['=HYPERLINK("http://x")', '+1'], reason: 'no' }]);
    await rejects.add([{ line: 9, cells: ['a,"b"', '@x', 'too many'], reason: 'it has 3 columns' }]);
    await rejects.close();
    expect(await readFile(file, 'utf8')).toBe([
      'line,reason,Time,Tokens', '2,no,"\'=HYPERLINK(""http://x"")",\'+1', '9,it has 3 columns,"a,""b""",\'@x,too many', '',
    ].join('\r\n'));
  });
});
