import { expect, it } from 'vitest';
import { dedent } from './dedent.ts';

it('takes away what all lines are indented by', () => {
  expect(dedent('\n    select a,\n      b\n    from t\n  ')).toBe('select a,\n  b\nfrom t');
  expect(dedent('select a,\n      b\n    from t')).toBe('select a,\n  b\nfrom t');
  expect(dedent('select a from t')).toBe('select a from t');
  expect(dedent('select a\n\n  from t')).toBe('select a\n\nfrom t');
  expect(dedent('')).toBe('');
});
