import { expect, it } from 'vitest';
import { insertWord, quoteIdentifier } from './workbench-text.ts';

it('quotes names that SQL would read otherwise', () => {
  expect(['prices', 'Close', 'my data', 'a"b', '1x', 'a.b'].map(quoteIdentifier)).toEqual([
    ...['prices', '"Close"', '"my data"', '"a""b"', '"1x"', '"a.b"'],
  ]);
});

it('puts a word where the cursor is, with room before it', () => {
  expect(insertWord('select', { start: 6, end: 6 }, 'close')).toEqual({ text: 'select close', cursor: 12 });
  expect(insertWord('avg()', { start: 4, end: 4 }, 'x')).toEqual({ text: 'avg(x)', cursor: 5 });
  expect(insertWord('from old where', { start: 5, end: 8 }, 'new')).toEqual({
    text: 'from new where',
    cursor: 8,
  });
});
