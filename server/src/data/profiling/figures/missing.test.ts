import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeMissing } from './missing.ts';

function bitsOf(column: readonly boolean[]): Uint8Array {
  const bits = new Uint8Array(Math.ceil(column.length / 8));
  column.forEach((isMissing, row) => {
    if (isMissing) bits[row >>> 3] = (bits[row >>> 3] ?? 0) | (1 << (row & 7));
  });
  return bits;
}

it('counts the rows of each pattern, the commonest first', () => {
  const tables = fc
    .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }))
    .chain(([columns, rows]) =>
      fc.array(fc.array(fc.boolean(), { minLength: rows, maxLength: rows }), {
        minLength: columns,
        maxLength: columns,
      }),
    );
  fc.assert(
    fc.property(tables, (table) => {
      const rows = table[0]?.length ?? 0;
      const expected = new Map<string, number>();
      for (let row = 0; row < rows; row += 1) {
        const letters = table.map((column) => (column[row] ? '1' : '0')).join('');
        expected.set(letters, (expected.get(letters) ?? 0) + 1);
      }
      const { patterns, total } = describeMissing({ rows, bits: table.map(bitsOf) });
      expect(total).toBe(expected.size);
      expect(new Map(patterns.map(({ bits, rows: count }) => [bits, count]))).toEqual(expected);
      const counts = patterns.map((pattern) => pattern.rows);
      expect(counts).toEqual([...counts].sort((a, b) => b - a));
    }),
  );
});
