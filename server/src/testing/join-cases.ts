import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column } from '@tidemill/contract';
import fc from 'fast-check';
import type { TableSource } from '../adapters/analytics/analytics.ts';

/** Cases of the point-in-time join: many small ones, told apart by a key column, go through one run of the join. */
export interface EntityCase {
  readonly one: string | null;
  readonly two: string | null;
  /** Microseconds, as all times here. */
  readonly at: number | null;
}
export interface ViewCase {
  readonly one: string | null;
  readonly two: string | null;
  readonly event: number | null;
  readonly created: number | null;
  readonly a: number | null;
  readonly b: number | null;
}
export interface JoinCase {
  readonly entities: readonly EntityCase[];
  readonly rows: readonly ViewCase[];
}
export interface ReferenceRules {
  readonly ttl: number | null;
  readonly hasCreated: boolean;
  readonly bitemporal: boolean;
  readonly asOf: number | null;
}

/** 26 March 2023, 00:59:59.995 in UTC: an hour is lost in Berlin just then. */
export const firstTime = Date.UTC(2023, 2, 26, 0, 59, 59, 995) * 1000;

const sometimes = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 9 });
/** Joined without a mark between them, ("1", "12") and ("11", "2") would be the same. */
const one = sometimes(fc.constantFrom('1', '11'));
const two = sometimes(fc.constantFrom('12', '2'));
/** Milliseconds and their neighbours, so that times meet the edges of a TTL or miss them by one microsecond. */
const timeOf = (last: number) =>
  sometimes(
    fc
      .tuple(fc.integer({ min: 0, max: last }), fc.constantFrom(-1, 0, 0, 1))
      .map(([ms, us]) => firstTime + ms * 1000 + us),
  );
const value = sometimes(fc.integer({ min: 0, max: 2 }));
const viewRow = fc.record({ one, two, event: timeOf(12), created: timeOf(14), a: value, b: value });
/** Versions of one event, created later and later. */
const corrected = fc
  .tuple(viewRow, fc.array(fc.record({ created: timeOf(16), a: value, b: value }), { maxLength: 4 }))
  .map(([first, later]) => [first, ...later.map((change) => ({ ...first, ...change }))]);
const entityRow = fc.record({ one, two, at: timeOf(14) });
export const joinCase: fc.Arbitrary<JoinCase> = fc.record({
  entities: fc.array(entityRow, { minLength: 1, maxLength: 8 }),
  rows: fc.array(corrected, { maxLength: 8 }).map((groups) => groups.flat()),
});

/** The definition, read aloud: O(nm). */
export function seenBy(row: EntityCase, view: readonly ViewCase[], rules: ReferenceRules) {
  const known = knownTo(row, view, rules);
  const [newest] = known.sort((x, y) => compare(rank(y, rules), rank(x, rules)));
  if (!newest) return { status: 'NOT_FOUND', a: null, b: null };
  if (rules.ttl !== null && (newest.event ?? 0) < (row.at ?? 0) - rules.ttl)
    return { status: 'OUTSIDE_MAX_AGE', a: null, b: null };
  const { a, b } = newest;
  return { status: a === null && b === null ? 'NULL_VALUE' : 'PRESENT', a, b };
}

/** Rows of the view with its keys whose event and, where it counts, creation lie at or before its time. */
export function knownTo(row: EntityCase, view: readonly ViewCase[], rules: ReferenceRules): ViewCase[] {
  const { one, two, at } = row;
  if (one === null || two === null || at === null) return [];
  const isBy = (time: number | null, limit: number | null): boolean =>
    time !== null && (limit === null || time <= limit);
  return view.filter((v) => {
    if (v.one !== one || v.two !== two || !isBy(v.event, at) || !isBy(v.event, rules.asOf)) return false;
    if (!rules.hasCreated) return true;
    return isBy(v.created, rules.bitemporal ? at : null) && isBy(v.created, rules.asOf);
  });
}

const rank = (v: ViewCase, { hasCreated }: ReferenceRules): number[] => [
  v.event ?? 0,
  hasCreated ? (v.created ?? 0) : 0,
  v.a ?? -1,
  v.b ?? -1,
];

function compare(x: readonly number[], y: readonly number[]): number {
  const i = x.findIndex((each, k) => each !== y[k]);
  return i === -1 ? 0 : (x[i] ?? 0) - (y[i] ?? 0);
}

const columnsOf = (types: Record<string, Column['type']>) =>
  Object.entries(types).map(([name, type]) => ({ name, type, nullable: true }));
const keyTypes = { kase: 'integer', one: 'text', two: 'text' } as const;
const entityColumns = columnsOf({ ...keyTypes, at: 'integer' });
const viewColumns = columnsOf({
  ...keyTypes,
  event: 'integer',
  created: 'integer',
  a: 'integer',
  b: 'integer',
});

/** The cases as two tables: `entities` and `given`. */
export async function writeCases(
  folder: string,
  cases: readonly JoinCase[],
): Promise<Record<'entities' | 'given', TableSource>> {
  const lines = (rowsOf: (each: JoinCase) => readonly object[]) =>
    cases
      .flatMap((each, kase) => rowsOf(each).map((row) => `${JSON.stringify({ kase, ...row })}\n`))
      .join('');
  const entities = join(folder, `entities-${crypto.randomUUID()}.ndjson`);
  const given = join(folder, `given-${crypto.randomUUID()}.ndjson`);
  await writeFile(
    entities,
    lines((each) => each.entities),
  );
  await writeFile(
    given,
    lines((each) => each.rows),
  );
  return {
    entities: { paths: [], lines: [entities], columns: entityColumns },
    given: { paths: [], lines: [given], columns: viewColumns },
  };
}
