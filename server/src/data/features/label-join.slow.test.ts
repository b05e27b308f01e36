import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column } from '@tidemill/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { labelledRowsSql } from './label-join.ts';
import { numberedRowsSql } from './view-join.ts';

const dayMs = 86_400_000;
const entity = ['symbol', 'market'];
/** Few keys, days and values: ties and repetitions are the rule, not the exception. */
const sometimes = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 8 });
const symbol = sometimes(fc.constantFrom('A', 'B'));
const market = sometimes(fc.constantFrom(1, 2));
const day = sometimes(fc.integer({ min: 0, max: 8 }));
const entityRows = fc.array(fc.record({ symbol, market, event_time: day }), { minLength: 1, maxLength: 25 });

function compare(x: readonly number[], y: readonly number[]): number {
  const i = x.findIndex((each, k) => each !== y[k]);
  return i === -1 ? 0 : (x[i] ?? 0) - (y[i] ?? 0);
}

let analytics: Analytics;
let folder: Awaited<ReturnType<typeof createTempDir>>;
let files = 0;

beforeAll(async () => {
  folder = await createTempDir();
  analytics = await openDuckdb();
});
afterAll(async () => {
  await analytics.close();
  await folder.remove();
});

type Types = Record<string, Column['type']>;
const times: Types = {
  event_time: 'timestamp',
  day: 'timestamp',
  created: 'timestamp',
  known_at: 'timestamp',
};
const types: Types = {
  symbol: 'text',
  market: 'integer',
  a: 'integer',
  b: 'integer',
  y: 'integer',
  ...times,
};

const nextFile = (suffix: string): string => join(folder.path, `${(files++).toString()}.${suffix}`);

async function tableOf(names: readonly string[], rows: readonly object[]): Promise<TableSource> {
  const columns = names.map((name) => ({ name, type: types[name] ?? 'text' }));
  if (rows.length === 0) return { paths: [], columns };
  const cell = (row: Record<string, unknown>, name: string) => {
    const found = row[name];
    if (found === null || found === undefined) return '';
    return name in times ? new Date(Number(found) * dayMs).toISOString() : String(found);
  };
  // A column that is never empty: a line without any value is no row in CSV.
  const lines = rows.map((row, i) => [...names.map((name) => cell({ ...row }, name)), i].join(','));
  const path = nextFile('csv');
  const to = nextFile('parquet');
  await writeFile(path, `${[...names, 'n'].join(',')}\n${lines.join('\n')}\n`);
  await analytics.importFile({ path, format: 'csv', types, to });
  return { paths: [to] };
}

describe('the label join', () => {
  const label = sometimes(fc.integer({ min: 0, max: 3 }));
  const labelRows = fc.array(fc.record({ symbol, market, event_time: day, y: label, known_at: day }), {
    maxLength: 30,
  });

  it('keeps the rows whose label was known, once and in their order', async () => {
    await fc.assert(
      fc.asyncProperty(
        entityRows,
        labelRows,
        fc.option(fc.integer({ min: 0, max: 8 })),
        async (rows, labels, asOf) => {
          const names = ['symbol', 'market', 'event_time', 'y', 'known_at'];
          const tables = {
            given: await tableOf(['symbol', 'market', 'event_time'], rows),
            _label: await tableOf(names, labels),
          };
          const columns = { keys: entity, eventTime: 'event_time', column: 'y', knownAt: 'known_at' };
          const found = await analytics.sealed({ tables }, async (engine) => {
            await engine.run(numberedRowsSql('given', 'event_time'));
            const join = labelledRowsSql(columns, asOf === null ? null : asOf * dayMs);
            return engine.query(`select n, tm__label as y from (${join}) order by tm__row`);
          });
          const expected = rows.flatMap((row, n) => {
            const [best] = labels
              .filter((each) => each.symbol === row.symbol && each.market === row.market)
              .filter((each) => each.event_time === row.event_time && row.event_time !== null)
              .filter((each) => row.symbol !== null && row.market !== null && each.y !== null)
              .filter((each) => each.known_at !== null && (asOf === null || each.known_at <= asOf))
              .sort((x, y) => compare([y.known_at ?? 0, y.y ?? 0], [x.known_at ?? 0, x.y ?? 0]));
            return best ? [{ n, y: best.y }] : [];
          });
          expect(found.rows).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });
});
