import { count, counted } from './numbers.js';
import { startProgress } from './progress.js';
import { table } from './table.js';

describe('what is shown', () => {
  it('groups digits and counts in words', () => {
    expect([count(19_366), counted(1, 'row'), counted(0, 'row'), counted(2_000, 'row')]).toEqual(['19,366', '1 row', '0 rows', '2,000 rows']);
  });

  it('sets tables in columns', () => {
    expect(table([['account', 'spent'], ['a', '$1.00'], ['long-name', '']])).toBe('account    spent\na          $1.00\nlong-name');
  });

  it('is plain lines where there is no terminal, and seldom', () => {
    const written: string[] = [];
    const progress = startProgress({ title: 'import', total: 10, out: { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream });
    for (let done = 0; done <= 10; done += 1) progress.update(done, 'rows');
    progress.note('waiting');
    progress.note('');
    progress.end();
    expect(written).toEqual(['import: waiting\n']);
  });
});
