import type { Column } from '@tidemill/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assertAppendable,
  assertTag,
  chooseVersion,
  chunkId,
  manifestDigest,
  manifestText,
  parseMapping,
} from './rules.ts';

const columns: Column[] = [
  { name: 'date', type: 'date' },
  { name: 'close', type: 'double' },
];

describe('references', () => {
  it('are numbers first, then latest, then tags', () => {
    expect(chooseVersion('3')).toEqual({ by: 'number', number: 3 });
    expect(chooseVersion('latest')).toEqual({ by: 'latest' });
    expect(chooseVersion('2023-08')).toEqual({ by: 'tag', tag: '2023-08' });
  });

  it('cannot be shadowed by a tag', () => {
    expect(() => assertTag('3')).toThrow(/cannot be a tag/);
    expect(() => assertTag('latest')).toThrow(/cannot be a tag/);
    expect(() => assertTag('2023-08.parquet')).toThrow(/cannot be a tag/);
    expect(() => assertTag('2023.08')).not.toThrow();
    expect(() => assertTag('2023-08')).not.toThrow();
  });
});

describe('a mapping', () => {
  it('reads ours=theirs, where theirs may hold spaces, slashes and equals signs', () => {
    expect(parseMapping('date=Date, close=Close/Last,x=a=b')).toEqual({
      date: 'Date',
      close: 'Close/Last',
      x: 'a=b',
    });
  });

  it.each(['date', 'date=', '=Date', 'a=b,,c=d', ''])('refuses %j', (text) => {
    expect(() => parseMapping(text)).toThrow(/does not name a column on both sides/);
  });

  it('refuses a name that is given twice', () => {
    expect(() => parseMapping('a=x,a=y')).toThrow(/stands twice/);
  });
});

describe('appended columns', () => {
  it('may come in another order, and be narrower', () => {
    const appended: Column[] = [
      { name: 'close', type: 'integer' },
      { name: 'date', type: 'date' },
    ];
    expect(() => assertAppendable('prices@1', columns, appended)).not.toThrow();
  });

  it('are named when missing, new or of another type', () => {
    const appended: Column[] = [
      { name: 'close', type: 'text' },
      { name: 'volume', type: 'integer' },
    ];
    expect(() => assertAppendable('prices@1', columns, appended)).toThrow(
      "The rows do not fit prices@1: 'date' is missing, 'volume' is new, 'close' is text instead of double",
    );
  });
});

describe('a manifest', () => {
  const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
  const chunk = fc.record({ digest, rows: fc.integer({ min: 1, max: 16_384 }) });

  it('has one spelling, whatever else its parts carry', () => {
    fc.assert(
      fc.property(fc.array(chunk), (chunks) => {
        const noisy = {
          chunks: chunks.map((each) => ({ rows: each.rows, digest: each.digest, start: 1 })),
          columns: columns.map((column) => ({ type: column.type, nullable: true, name: column.name })),
        };
        expect(manifestText(noisy)).toBe(manifestText({ columns, chunks }));
      }),
    );
  });

  it('is another one when chunks change places or a column its name', () => {
    fc.assert(
      fc.property(chunk, chunk, (a, b) => {
        fc.pre(a.digest !== b.digest);
        const base = manifestDigest({ columns, chunks: [a, b] });
        expect(manifestDigest({ columns, chunks: [b, a] })).not.toBe(base);
        const renamed: Column[] = [{ name: 'day', type: 'date' }, ...columns.slice(1)];
        expect(manifestDigest({ columns: renamed, chunks: [a, b] })).not.toBe(base);
        expect(chunkId(renamed, a.digest)).not.toBe(chunkId(columns, a.digest));
      }),
    );
  });
});
