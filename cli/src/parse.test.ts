import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  datasetNameOf,
  formatOf,
  sentFormatOf,
  toInteger,
  toName,
  toNames,
  toNumber,
  toNumberPairs,
  toRecord,
  toReference,
  toSeconds,
  toTextPairs,
  toTime,
} from './parse.ts';

const codeOf = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('key=value', () => {
  it('reads numbers, booleans and null as such, all else as text', () => {
    expect(
      toRecord(['a=1', 'b=-2.5e3', 'c=true', 'd=null', 'e=AAPL', 'f="1"', 'g=', 'h=1.2.3', 'i=0x10']),
    ).toEqual({
      a: 1,
      b: -2500,
      c: true,
      d: null,
      e: 'AAPL',
      f: '1',
      g: '',
      h: '1.2.3',
      i: '0x10',
    });
  });

  it('splits at the first equals sign', () => {
    expect(toTextPairs(['close=Close/Last', 'formula=a=b'])).toEqual({ close: 'Close/Last', formula: 'a=b' });
  });

  it('gives back every text that was quoted', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(toRecord([`key=${JSON.stringify(text)}`])).toEqual({ key: text });
      }),
    );
  });

  it('refuses what is no pair, and what is no number', () => {
    expect(codeOf(() => toRecord(['AAPL']))).toBe('pairInvalid');
    expect(codeOf(() => toRecord(['=1']))).toBe('pairInvalid');
    expect(toNumberPairs(['depth=6', 'rate=0.1'])).toEqual({ depth: 6, rate: 0.1 });
    expect(codeOf(() => toNumberPairs(['depth=deep']))).toBe('numberInvalid');
    expect(codeOf(() => toNumberPairs(['depth=']))).toBe('numberInvalid');
  });

  it('does not reach the prototype', () => {
    const record = toRecord(['__proto__=1', 'constructor=2']);
    expect(Object.entries(record)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ]);
  });
});

describe('files', () => {
  it('tells the format by the extension, in any case', () => {
    expect(['a.csv', 'b.PARQUET', 'c.d/e.json', 'f.ndjson', 'g.jsonl'].map(formatOf)).toEqual([
      'csv',
      'parquet',
      'json',
      'ndjson',
      'ndjson',
    ]);
    const sent = ['a.csv', 'b.csv.gz', 'c.tsv.ZST', 'd.tsv', 'e.jsonl.gz'].map(sentFormatOf);
    expect(sent).toEqual(['csv', 'csv', 'tsv', 'tsv', 'ndjson']);
    for (const path of ['prices', 'prices.xlsx', '.csv', 'a.csv.gz', '-']) {
      expect(codeOf(() => formatOf(path))).toBe('formatUnknown');
    }
  });

  it('suggests a dataset name that the server takes, or says that it needs one', () => {
    expect(datasetNameOf('/data/Apple Stocks (2024).csv')).toBe('apple-stocks-2024');
    expect(datasetNameOf('prices.csv.gz')).toBe('prices');
    expect(datasetNameOf('C:\\data\\_prices.csv')).toBe('prices');
    expect(codeOf(() => datasetNameOf('価格.csv'))).toBe('nameUnclear');
    fc.assert(
      fc.property(fc.string(), (name) => {
        const found = codeOf(() => datasetNameOf(`${name}.csv`));
        expect(found === 'nameUnclear' || /^[a-z0-9][a-z0-9._-]{0,127}$/.test(String(found))).toBe(true);
      }),
    );
  });
});

describe('references', () => {
  it.each([
    ['prices@3', 'prices', '3'],
    ['prices', 'prices', 'latest'],
    ['prices@', 'prices', 'latest'],
    ['dataset:prices@latest', 'prices', 'latest'],
    ['prices@{2023-08-31}', 'prices', '{2023-08-31}'],
    ['"my model"@7', 'my model', '7'],
    ['"a@b"', 'a@b', 'latest'],
    ['"say ""hi"""@7', 'say "hi"', '7'],
    ['model:"my model"@champion', 'my model', 'champion'],
  ])('%s', (text, name, version) => expect(toReference(text)).toEqual({ name, version }));
});

it('a name is taken whole, with or without quotes', () => {
  expect(['forecaster', 'price @ model', '"price @ model"', '"say ""hi"""'].map(toName)).toEqual([
    'forecaster',
    'price @ model',
    'price @ model',
    'say "hi"',
  ]);
});

describe('times', () => {
  it('is milliseconds of a day, an ISO time (UTC without a zone) or milliseconds', () => {
    const noon = Date.UTC(2024, 2, 1, 12);
    expect(toTime('2024-03-01')).toBe(Date.UTC(2024, 2, 1));
    expect(toTime('2024-03-01T12:00')).toBe(noon);
    expect(toTime('2024-03-01T12:00:00Z')).toBe(noon);
    expect(toTime('2024-03-01T13:00:00+01:00')).toBe(noon);
    expect(toTime(String(noon))).toBe(noon);
    expect(codeOf(() => toTime('yesterday'))).toBe('timeInvalid');
    expect(codeOf(() => toTime('2024-13-01'))).toBe('timeInvalid');
  });
});

it('numbers and lists of options', () => {
  expect(toInteger('12')).toBe(12);
  expect(toNumber('-0.5')).toBe(-0.5);
  for (const text of ['', ' ', '1.5', '-1', 'x', '1e400'])
    expect(() => toInteger(text)).toThrow('whole number');
  for (const text of ['', ' ', 'x', 'Infinity']) expect(() => toNumber(text)).toThrow('a number');
  expect(toNames(' a, b,,c', ['z'])).toEqual(['z', 'a', 'b', 'c']);
});

describe('a length of time', () => {
  it('is a number with a unit', () => {
    expect(['0s', '45s', '90m', '12h', '30d', '2w'].map((text) => toSeconds(text))).toEqual([
      0, 45, 5_400, 43_200, 2_592_000, 1_209_600,
    ]);
  });

  it.each(['', '30', 'd', '-1d', '1.5d', '1y', '1 d', '9999999999d'])('%j is none', (text) => {
    expect(() => toSeconds(text)).toThrow(/length of time/);
  });
});
