import { expect, test } from 'vitest';
import { parseKey } from './subject-key.ts';

test('a key is columns and values; what is none is null', () => {
  expect(parseKey('customer=42')).toEqual({ customer: '42' });
  expect(parseKey(' shop=a  name="Ada L=x" ')).toEqual({ shop: 'a', name: 'Ada L=x' });
  for (const text of ['', 'customer', '=42', 'customer=', 'a=1 b']) expect(parseKey(text)).toBeNull();
});
