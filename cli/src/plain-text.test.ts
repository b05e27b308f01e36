import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toJson, toPlain, toPlainLines, widthOf } from './plain-text.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come through
const control = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const text = fc.string({ unit: 'binary' });

it('plain text holds no control character, whatever came in', () => {
  fc.assert(fc.property(text, (value) => !control.test(toPlain(value))));
  expect(toPlainLines('one\n\u001btwo')).toBe('one\n?two');
});

it('safe JSON is the same JSON, and holds no control character but its line breaks', () => {
  fc.assert(
    fc.property(fc.dictionary(text, text), (value) => {
      const json = toJson(value);
      expect(JSON.parse(json)).toEqual({ ...value });
      expect(control.test(json.replaceAll('\n', ''))).toBe(false);
    }),
  );
});

it('counts columns of a terminal', () => {
  expect(['abc', 'é', 'e\u0301', '日本', '🚀', ''].map(widthOf)).toEqual([3, 1, 1, 4, 2, 0]);
});
