import { expect, test } from 'vitest';
import { entityCondition } from './rules.ts';

const columns = (...names: string[]) => ({ columns: names.map((name) => ({ name, type: 'text' as const })) });

test('the rows of one entity are a condition on its columns, and none where the table lacks one', () => {
  expect(entityCondition(columns('shop', 'n'), ['shop', 'n'], '["O\'Neill \\"x\\"",7]')).toBe(
    `"shop" = 'O''Neill "x"' and "n" = 7`,
  );
  expect(entityCondition(columns('n'), ['shop', 'n'], '["a",7]')).toBeNull();
  expect(entityCondition(columns('shop'), ['shop'], '["a",7]')).toBeNull();
  expect(entityCondition(columns('shop'), [], '[]')).toBeNull();
  expect(entityCondition(columns('shop'), ['shop'], 'no json')).toBeNull();
});
