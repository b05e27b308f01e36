import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column } from '@tidemill/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { joinLabelSql, joinViewSql, newestRowsSql, numberedEntitiesSql } from './point-in-time-join.ts';

interface EntityRow {
  readonly symbol: string | null;
  readonly market: number | null;
  readonly event_time: number | null;
}
interface ViewRow extends Omit<EntityRow, 'event_time'> {
  readonly day: number | null;
  readonly created: number | null;
  readonly a: number | null;
  readonly b: number | null;
}
interface Timing {
  readonly createdTime: string | null;
  /** In days. */
  readonly ttl: number | null;
  readonly asOf: number | null;
}

const dayMs = 86_400_000;
const entity = ['symbol', 'market'];
const features: Column[] = [
  { name: 'a', type: 'integer' },
  { name: 'b', type: 'integer' },
];

/** Few keys, days and values: ties and repetitions are the rule, not the exception. */
const sometimes = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 8 });
const symbol = sometimes(fc.constantFrom('A', 'B'));
const market = sometimes(fc.constantFrom(1, 2));
const day = sometimes(fc.integer({ min: 0, max: 8 }));
const value = sometimes(fc.integer({ min: 0, max: 3 }));
const entityRows = fc.array(fc.record({ symbol, market, event_time: day }), { minLength: 1, maxLength: 25 });
const viewRows = fc.array(fc.record({ symbol, market, day, created: day, a: value, b: value }), {
  maxLength: 40,
});
const timing = fc.record({
  createdTime: fc.option(fc.constant('created')),
  ttl: fc.option(fc.constantFrom(0.5, 1, 3)),
  asOf: fc.option(fc.integer({ min: 0, max: 8 })),
});

/** The definition, read aloud. */
function seenBy(
  row: EntityRow,
  view: readonly ViewRow[],
  { createdTime, ttl, asOf }: Timing,
): ViewRow | null {
  const { event_time: at } = row;
  if (at === null || row.symbol === null || row.market === null) return null;
  const until = Math.min(at, asOf ?? at);
  const visible = view.filter((v) => {
    if (v.symbol !== row.symbol || v.market !== row.market || v.day === null) return false;
    const isKnown = createdTime === null || (v.created !== null && v.created <= until);
    return isKnown && v.day <= until;
  });
  const rank = (v: ViewRow): number[] => [
    v.day ?? 0,
    createdTime === null ? 0 : (v.created ?? 0),
    v.a ?? -1,
    v.b ?? -1,
  ];
  const [best] = visible.sort((x, y) => compare(rank(y), rank(x)));
  if (!best || (ttl !== null && (best.day ?? 0) < at - ttl)) return null;
  return best;
}

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

async function numbered(rows: readonly object[]): Promise<TableSource> {
  const entities = await tableOf(['symbol', 'market', 'event_time'], rows);
  const to = nextFile('parquet');
  await analytics.copy({ sql: numberedEntitiesSql(), tables: { entities_: entities }, to });
  return { paths: [to] };
}

const viewColumns = ['symbol', 'market', 'day', 'created', 'a', 'b'];

describe('the point-in-time join', () => {
  it('gives each entity row, once and in its place, what was known then', async () => {
    await fc.assert(
      fc.asyncProperty(entityRows, viewRows, timing, async (rows, view, when) => {
        const tables = { rows_: await numbered(rows), view_: await tableOf(viewColumns, view) };
        const ttl = when.ttl === null ? null : `${when.ttl * 24}h`;
        const definition = { entity, eventTime: 'day', createdTime: when.createdTime, ttl };
        const asOf = when.asOf === null ? null : when.asOf * dayMs;
        const sql = `select n, a, b from (${joinViewSql(definition, features, asOf)}) order by tm__row`;
        const found = await analytics.query({ sql, tables });
        const expected = rows.map((row, n) => {
          const best = seenBy(row, view, when);
          return { n, a: best?.a ?? null, b: best?.b ?? null };
        });
        expect(found.rows).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('shows the value of the time, not the correction that came later', async () => {
    const view = [
      { symbol: 'A', market: 1, day: 1, created: 1, a: 10, b: 0 },
      { symbol: 'A', market: 1, day: 1, created: 3, a: 11, b: 0 },
      { symbol: 'A', market: 1, day: 0, created: 4, a: 9, b: 0 },
    ];
    const rows = [0, 1, 2, 3, 4, 5].map((event_time) => ({ symbol: 'A', market: 1, event_time }));
    const tables = { rows_: await numbered(rows), view_: await tableOf(viewColumns, view) };
    const definition = { entity, eventTime: 'day', createdTime: 'created', ttl: '3d' };
    const sql = `select a from (${joinViewSql(definition, features, null)}) order by tm__row`;
    const found = await analytics.query({ sql, tables });
    expect(found.rows.map((row) => row.a)).toEqual([null, 10, 10, 11, 11, null]);
  });

  it('gives the online store the newest row of each entity', async () => {
    await fc.assert(
      fc.asyncProperty(viewRows, fc.option(fc.constant('created')), async (view, createdTime) => {
        const tables = { view_: await tableOf(viewColumns, view) };
        const sql = newestRowsSql({ entity, eventTime: 'day', createdTime }, ['a', 'b']);
        const found = await analytics.query({ sql, tables });
        const expected = ['A', 'B'].flatMap((s) =>
          [1, 2].flatMap((m) => {
            const last = { symbol: s, market: m, event_time: 1_000 };
            const best = seenBy(last, view, { createdTime, ttl: null, asOf: null });
            return best
              ? [{ symbol: s, market: m, tm__event_ms: (best.day ?? 0) * dayMs, a: best.a, b: best.b }]
              : [];
          }),
        );
        expect(found.rows).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });
});

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
          const tables = { rows_: await numbered(rows), label_: await tableOf(names, labels) };
          const columns = { keys: entity, column: 'y', knownAt: 'known_at' };
          const join = joinLabelSql(columns, asOf === null ? null : asOf * dayMs);
          const found = await analytics.query({
            sql: `select n, tm__label as y from (${join}) order by tm__row`,
            tables,
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
