import { csvStream, safeCell, type CsvRow } from './csv.js';

const asIs = (row: CsvRow): CsvRow => row;

async function* batches<Row>(...given: readonly (readonly Row[])[]): AsyncIterable<readonly Row[]> { yield* given; }
const textOf = async (stream: AsyncIterable<Buffer | string>): Promise<string> => {
  let text = '';
  for await (const chunk of stream) text += chunk.toString();
  return text;
};

describe('CSV', () => {
  it.each(['=1+1', '+1', '-1+1', '@SUM(A1)', '\tx', '\rx', '=cmd|\' /C calc\'!A0'])('puts a quote before %j, which a spreadsheet would run', (text) => expect(safeCell(text)).toBe(`'${text}`));

  it.each(['-0.5', '12', 'a=b', '', 'x-1'])('leaves %j as it is', (text) => expect(safeCell(text)).toBe(text));

  it('quotes commas, quotes and line breaks as RFC 4180 asks', async () => {
    const text = await textOf(csvStream(batches([{ a: 'x,y', b: 'say "no"' }], [{ a: 'two\nlines', b: null }]), asIs, ['a', 'b']));
    expect(text).toBe('a,b\r\n"x,y","say ""no"""\r\n"two\nlines",\r\n');
  });

  it('writes numbers and flags plainly, and nothing for what is missing', async () => {
    expect(await textOf(csvStream(batches([{ a: 1.5, b: true, c: undefined }]), asIs, ['a', 'b', 'c']))).toBe('a,b,c\r\n1.5,true,\r\n');
  });

  it('has a header even without rows', async () => {
    expect(await textOf(csvStream(batches<CsvRow>(), asIs, ['a', 'b']))).toBe('a,b\r\n');
  });

  it('asks for rows only as they are taken', async () => {
    let made = 0;
    const endless = async function* endless(): AsyncIterable<readonly { a: string }[]> {
      for (;;) yield Array.from({ length: 100 }, () => ({ a: `${made += 1}`.padStart(1_000) }));
    };
    const stream = csvStream(endless(), asIs, ['a']);
    await new Promise((resolve) => { stream.once('readable', resolve); });
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    expect(made).toBeLessThan(1_000);
    stream.destroy();
  });

  it('lets everything else have its turn between batches', async () => {
    let turns = 0;
    let watching = true;
    const watch = (): void => { turns += 1; if (watching) setImmediate(watch); };
    setImmediate(watch);
    await textOf(csvStream(batches(...Array.from({ length: 100 }, () => [{ a: 'x' }])), asIs, ['a']));
    watching = false;
    expect(turns).toBeGreaterThanOrEqual(100);
  });

  it('breaks off when its source fails, so that a cut file never looks whole', async () => {
    const failing = async function* failing(): AsyncIterable<readonly { a: string }[]> {
      yield [{ a: '1' }];
      throw new Error('gone');
    };
    await expect(textOf(csvStream(failing(), asIs, ['a']))).rejects.toThrow('gone');
  });
});
