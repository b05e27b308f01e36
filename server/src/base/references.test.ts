import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatReference, isModelName, parseReference, parseUri, toUri } from './references.ts';

const name = fc.oneof(
  fc.constantFrom('forecaster', 'my model', 'a@b', 'say "hi"', '"', '""@1', 'Ünï 模型', 'latest', '@', ' x '),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter(isModelName),
);
const version = fc.oneof(
  fc.nat().map(String),
  fc.constantFrom('latest', 'champion', 'Champion_2', '-', '模型', '{2023-08-31}'),
);

test('every name of a model comes back out of its reference and its uri', () => {
  fc.assert(
    fc.property(name, version, (model, number) => {
      const reference = formatReference(model, number);
      expect(parseReference(reference)).toEqual({ name: model, version: number });
      const uri = toUri('model', model, number);
      expect(parseReference(uri)).toEqual({ name: model, version: number });
      expect(parseUri(uri)).toEqual({ kind: 'model', reference });
      expect(parseReference(toUri('model', model))).toEqual({ name: model, version: 'latest' });
    }),
  );
});

test('our own names stand without quotes', () => {
  expect(formatReference('prices', 3)).toBe('prices@3');
  expect(toUri('dataset', 'prices', 3)).toBe('dataset:prices@3');
  expect(formatReference('my model', 7)).toBe('"my model"@7');
});

test.each([
  'my model@7',
  '"a/b"@1',
  '"a:b"@1',
  '"  "@1',
  '"."@1',
  '".."@1',
  '""@1',
  '"x"@',
  '"x"1',
  '"x',
  'x@a b',
  '"x\u0000"@1',
  'Prices@1',
])('%j is no reference', (text) => {
  expect(() => parseReference(text)).toThrow(/is not a/);
});
