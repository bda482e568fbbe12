import { linesOf, MAX_LINE_BYTES } from './lines.js';
import { rowsOf, type Row } from './rows.js';

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = async (text: string | Buffer, chunkSize = 7): Promise<Row[]> => {
  const rows: Row[] = [];
  for await (const row of rowsOf(linesOf(inChunks(Buffer.from(text as string), chunkSize)))) rows.push(row);
  return rows;
};
const cells = async (text: string): Promise<unknown> => (await read(text)).map((row) => row.cells);

describe('reading CSV', () => {
  it('reads LF and CRLF, with and without an end of the last line', async () => {
    expect(await cells('a,b\n1,2\n')).toEqual([['a', 'b'], ['1', '2']]);
    expect(await cells('a,b\r\n1,2')).toEqual([['a', 'b'], ['1', '2']]);
  });

  it('reads the same rows whatever the chunks', async () => {
    const text = '\uFEFFtime,tökens\r\n"x, ""y""",1\r\n\r\n"two\r\nlines",3\r\n';
    const whole = await read(text, 1_000);
    expect(whole.map((row) => row.cells)).toEqual([['time', 'tökens'], ['x, "y"', '1'], ['two\nlines', '3']]);
    for (let size = 1; size < 12; size += 1) expect(await read(text, size)).toEqual(whole);
  });

  it('numbers rows by the line they begin on and tells how far the file was read', async () => {
    const rows = await read('a,b\n\n"1\n1",2\n3,4\n');
    expect(rows.map(({ line, end }) => [line, end])).toEqual([[1, 4], [3, 13], [5, 17]]);
  });

  it('skips blank lines, those with spaces too', async () => {
    expect(await cells('a,b\n\n  \n1,2\n\r\n\n')).toEqual([['a', 'b'], ['1', '2']]);
  });

  it('takes a quote inside an unquoted field as text', async () => {
    expect(await cells('a,b\n5" disk,2\n')).toEqual([['a', 'b'], ['5" disk', '2']]);
  });

  it('says what is wrong with a row of another length, and keeps its cells', async () => {
    expect((await read('a,b\n1\n1,2,3\n4,5\n')).slice(1)).toMatchObject([
      { line: 2, cells: ['1'], broken: 'it has 1 column, the header has 2' },
      { line: 3, cells: ['1', '2', '3'], broken: 'it has 3 columns, the header has 2' },
      { line: 4, cells: ['4', '5'] },
    ]);
  });

  it('loses only the line with a quote that is never closed', async () => {
    expect((await read('a,b\n1,2\n"3,4\n5,6\n7,8\n')).slice(1)).toMatchObject([
      { cells: ['1', '2'] }, { line: 3, cells: ['"3,4'], broken: 'a quote is opened and not closed' }, { cells: ['5', '6'] }, { line: 5, cells: ['7', '8'] },
    ]);
  });

  it('loses only the lines with stray quotes when two of them would swallow the rows between', async () => {
    const rows = await read('a,b\n1,"2\n3,4\n5,6\n7",8\n9,10\n');
    expect(rows.filter(({ broken }) => broken !== undefined).map(({ line }) => line)).toEqual([2]);
    expect(rows.filter(({ broken }) => broken === undefined).map((row) => row.cells)).toEqual([['a', 'b'], ['3', '4'], ['5', '6'], ['7"', '8'], ['9', '10']]);
  });

  it('gives up on an open quote after a bounded stretch, and goes on with the next line', async () => {
    const rows = await read(`a,b\n"1,2\n${'3,4\n'.repeat(40_000)}`, 65_536);
    expect(rows).toHaveLength(40_002);
    expect(rows.filter(({ broken }) => broken !== undefined).map(({ line }) => line)).toEqual([2]);
  });

  it('cuts a line that never ends', async () => {
    const rows = await read(`a\n${'x'.repeat(3 * MAX_LINE_BYTES)}\ny\n`, 65_536);
    expect(rows[1]?.cells[0]).toHaveLength(MAX_LINE_BYTES);
    expect(rows[2]).toEqual({ line: 3, cells: ['y'], end: 3 * MAX_LINE_BYTES + 5 });
  });
});
