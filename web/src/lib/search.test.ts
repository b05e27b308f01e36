import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatSort,
  formatVisibility,
  parseSearch,
  parseSort,
  parseVisibility,
  stringifySearch,
  toScreenSearch,
} from './search.ts';

describe('what the address holds', () => {
  it('comes back as it was', () =>
    fc.assert(
      fc.property(
        fc.record(
          { q: fc.string({ minLength: 1 }), from: fc.string({ minLength: 1 }), tab: fc.constant('diff') },
          { requiredKeys: [] },
        ),
        (search) => {
          // Half a surrogate pair is no text, so no address can carry it.
          fc.pre(Object.values(search).every((value) => value.isWellFormed()));
          expect(toScreenSearch(parseSearch(stringifySearch(search)))).toEqual(search);
        },
      ),
    ));

  it('stays plain for numbers and drops what is unknown or empty', () => {
    expect(stringifySearch({ from: '1', to: '2', q: '', unknown: 'x' })).toBe('?from=1&to=2');
    expect(stringifySearch({})).toBe('');
    expect(toScreenSearch({ q: 5, tab: null, other: 1 })).toEqual({ q: '5' });
  });
});

describe('order', () => {
  it.each([
    ['mae', { id: 'mae', desc: false }],
    ['-mae', { id: 'mae', desc: true }],
    ['metrics.mae', { id: 'metrics.mae', desc: false }],
  ])('%s', (text, sort) => {
    expect(parseSort(text)).toEqual(sort);
    expect(formatSort(sort)).toBe(text);
  });

  it('is none without a column', () =>
    expect([parseSort(undefined), parseSort(''), parseSort('-'), formatSort(undefined)]).toEqual([
      null,
      null,
      null,
      undefined,
    ]));
});

describe('columns', () => {
  const columns = [{ id: 'name' }, { id: 'by', hidden: true }, { id: 'rows' }];

  it('writes only what differs from the defaults', () => {
    const shown = { name: true, by: true, rows: false };
    expect(formatVisibility(shown, columns)).toBe('+by,-rows');
    expect(parseVisibility('+by,-rows', columns)).toEqual(shown);
    expect(formatVisibility(parseVisibility(undefined, columns), columns)).toBeUndefined();
  });

  it('ignores columns that are not there any more', () =>
    expect(parseVisibility('-gone,+by', columns)).toEqual({ name: true, by: true, rows: true }));
});
