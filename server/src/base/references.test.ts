import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asOfTime, formatReference, isModelName, parseReference, parseUri, toUri } from './references.ts';

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

test.each([
  ['{2023}', '2023-01-01T00:00:00.000Z'],
  ['{2023-08}', '2023-08-01T00:00:00.000Z'],
  ['{2023-08-31}', '2023-08-31T00:00:00.000Z'],
  ['{2023-08-31T12:30}', '2023-08-31T12:30:00.000Z'],
  ['{2023-08-31t12:30:05.25z}', '2023-08-31T12:30:05.250Z'],
  ['{2023-08-31T12:30+02:00}', '2023-08-31T10:30:00.000Z'],
])('%s is %s', (version, iso) => {
  expect(new Date(asOfTime(version) ?? Number.NaN).toISOString()).toBe(iso);
});

test('braces that hold no time are refused; anything else is no time', () => {
  for (const text of [
    '{2023-13-01}',
    '{2023-02-31}',
    '{2023-02-31T00:00}',
    '{2023-08-31T}',
    '{1693440000}',
    '{}',
  ])
    expect(() => asOfTime(text)).toThrow('holds no time');
  expect(asOfTime('2023-08-31')).toBeNull();
});
