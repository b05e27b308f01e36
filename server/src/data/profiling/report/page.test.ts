import type { ColumnProfile, Profile } from '@tidemill/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html } from '../../../base/markup.ts';
import { comparisonReport, profileReport } from './page.ts';

const hostile = `</title><script>alert('x')</script>"><img src=http://example.org onerror=alert(1)>`;

const numbers = (column: string): ColumnProfile => ({
  column,
  type: 'double',
  kind: 'numeric',
  count: 10,
  nulls: 2,
  distinct: 10,
  unique: 10,
  minimum: 0,
  maximum: 9,
  mean: 4.5,
  standardDeviation: 3,
  quartiles: [2.25, 4.5, 6.75],
  histogram: { edges: [0, 4.5, 9], counts: [5, 5] },
  top: [],
});

const profileOf = (columns: ColumnProfile[], more: Partial<Profile> = {}): Profile => ({
  reference: 'prices@1',
  digest: 'd'.repeat(64),
  revision: 1,
  computedAt: 0,
  seconds: 1,
  rows: 12,
  cells: 12,
  missingCells: 2,
  bytes: 1000,
  memoryBytes: 2000,
  kinds: [{ kind: 'numeric', columns: columns.length }],
  duplicates: null,
  warnings: [],
  columns,
  correlations: null,
  missing: null,
  interactions: [],
  series: null,
  sample: { head: [], tail: [] },
  leftOut: [],
  ...more,
});

describe('a page', () => {
  it('shows hostile names, values and messages as text, and loads nothing', () => {
    const text: ColumnProfile = { ...numbers(hostile), kind: 'categorical', histogram: null, mean: null };
    const page = profileReport(
      profileOf([text, { ...numbers('x'), top: [{ value: hostile, count: 3 }] }], {
        warnings: [
          {
            kind: 'constant',
            severity: 'high',
            columns: [hostile],
            value: 1,
            threshold: null,
            message: hostile,
          },
        ],
        missing: { patterns: [{ columns: [hostile], rows: 2 }], patternsLeftOut: 0, correlation: null },
        sample: { head: [{ [hostile]: hostile }], tail: [] },
      }),
    );
    expect(page).not.toMatch(/<(?:script|img|link|iframe|object)/i);
    expect(page.replaceAll(/>[^<]*</g, '><')).not.toMatch(/https?:|onerror|url\(/i);
    expect(page).toContain('&lt;script&gt;');
    expect(page.match(/<title>/g)).toHaveLength(1);
    expect(page).toContain("default-src 'none'");
  });

  it('stays below two megabytes, whatever the number of columns', () => {
    const columns = Array.from({ length: 5_000 }, (_, n) => numbers(`column ${n} ${hostile}`));
    const page = profileReport(profileOf(columns));
    expect(Buffer.byteLength(page)).toBeLessThan(2_000_000);
    expect(page).toMatch(/more columns are in the JSON/);
    const drift = { drift: 'large', psi: 1, ks: { statistic: 1, pValue: 0 }, wasserstein: 3 } as const;
    const changed = columns.map(({ column }) => ({
      column,
      change: 'changed' as const,
      typeBefore: 'double',
      typeAfter: 'double',
      nullsBefore: 0,
      nullsAfter: 0.5,
      ...drift,
      bins: { edges: [0, 1, 2], before: [0.5, 0.5], after: [1, 0] },
    }));
    const [before, after] = [profileOf(columns), profileOf(columns, { reference: 'prices@2' })];
    const both = comparisonReport({
      ...{ before, after, columns: changed, warningsAdded: [], warningsGone: [], approximate: true },
    });
    expect(Buffer.byteLength(both)).toBeLessThan(2_000_000);
    expect(both).toContain('prices@1 and prices@2');
  });

  it('leaves no way out of a template for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(html`<b>${text}</b>`.text.slice(3, -4)).not.toMatch(/[<>"']/);
      }),
    );
  });
});
