import { describe, expect, it } from 'vitest';
import { findJsonTable, mostTableRows, toFileKind, toTable } from './file-kind.ts';

describe('how a file is shown', () => {
  it('goes by its name', () => {
    const paths = [
      'a/MLmodel',
      'x.PNG',
      'a.b/c.csv',
      'page.html',
      'plot.svg',
      'model.pkl',
      'noext',
      'r.json',
    ];
    expect(paths.map(toFileKind)).toEqual([
      'text',
      'image',
      'table',
      'markup',
      'markup',
      'binary',
      'binary',
      'json',
    ]);
  });
});

describe('a table in JSON', () => {
  it('is what mlflow.log_table writes', () =>
    expect(findJsonTable({ columns: ['a', 'b'], data: [[1, 'x']] })).toEqual({
      names: ['a', 'b'],
      rows: [{ a: 1, b: 'x' }],
    }));

  it('is nothing else', () => {
    for (const value of [null, 3, [], { columns: [], data: {} }, { columns: ['a'], data: [{ a: 1 }] }])
      expect(findJsonTable(value)).toBeNull();
  });

  it('keeps columns of one name apart, fills short rows, and is bounded', () => {
    const table = toTable(['a', 'a', ''], Array(2000).fill(['1', '2']));
    expect(table.names).toEqual(['a', 'a (2)', ' (3)']);
    expect(table.rows).toHaveLength(mostTableRows);
    expect(table.rows[0]).toEqual({ a: '1', 'a (2)': '2', ' (3)': null });
  });
});
