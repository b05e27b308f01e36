import { isDeepStrictEqual } from 'node:util';
import type { Aggregation } from '@tidemill/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import {
  type EntityCase,
  firstTime,
  type JoinCase,
  joinCase,
  knownTo,
  type ReferenceRules,
  type ViewCase,
  writeCases,
} from '../../testing/join-cases.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { joinWindows } from './window-join.ts';

let analytics: Analytics;
let folder: Awaited<ReturnType<typeof createTempDir>>;

beforeAll(async () => {
  folder = await createTempDir();
  analytics = await openDuckdb();
});
afterAll(async () => {
  await analytics.close();
  await folder.remove();
});

const casesAtOnce = 300;
const keys = ['kase', 'one', 'two'];
const functions = ['count', 'sum', 'mean', 'min', 'max', 'std', 'last', 'distinct'] as const;
/** `a` are whole numbers, `b` halves, `s` texts of a. */
const aggregations: Aggregation[] = ['1ms', '3ms', '100ms'].flatMap((window) => [
  { name: `events_${window}`, function: 'count' as const, column: '*', window },
  ...['a', 'b'].flatMap((column) =>
    functions.map((how) => ({ name: `${how}_${column}_${window}`, function: how, column, window })),
  ),
  { name: `last3_b_${window}`, function: 'last' as const, column: 'b', window, k: 3 },
  { name: `last2_s_${window}`, function: 'last' as const, column: 's', window, k: 2 },
  { name: `max_s_${window}`, function: 'max' as const, column: 's', window },
]);
const inputs = [
  { name: 'a', type: 'integer' as const },
  { name: 'b', type: 'double' as const },
  { name: 's', type: 'text' as const },
];
const names = aggregations.map(({ name = '' }) => name);

type Values = Record<string, unknown>;

/** The definition read aloud: O(nm). */
function expectedOf(row: EntityCase, rows: readonly ViewCase[], rules: ReferenceRules): Values {
  const isNobody = row.one === null || row.two === null || row.at === null;
  const events = eventsOf(knownTo(row, rows, rules), rules);
  const values = aggregations.map((each) => {
    const width = Number.parseInt(each.window, 10) * 1000;
    const within = events.filter(({ event }) => (event ?? 0) > (row.at ?? 0) - width);
    return [each.name ?? '', isNobody ? null : aggregateOf(each, within)] as const;
  });
  const isEmpty = values.every(([, value]) => value === null);
  const status = events.length === 0 ? 'NOT_FOUND' : isEmpty ? 'NULL_VALUE' : 'PRESENT';
  return { ...Object.fromEntries(values), status };
}

/** With a created time rows of one event time are versions of one event: the newest counts, then the greater values. */
function eventsOf(rows: readonly ViewCase[], { hasCreated }: ReferenceRules): ViewCase[] {
  if (!hasCreated) return [...rows];
  const newest = new Map<number | null, ViewCase>();
  const rank = (v: ViewCase) => [v.created ?? 0, v.a ?? -1, v.b ?? -1];
  for (const each of rows) {
    const other = newest.get(each.event);
    if (!other || isGreater(rank(each), rank(other))) newest.set(each.event, each);
  }
  return [...newest.values()];
}

const isGreater = (x: readonly number[], y: readonly number[]): boolean => {
  const i = x.findIndex((each, k) => each !== y[k]);
  return i !== -1 && (x[i] ?? 0) > (y[i] ?? 0);
};

const read: Record<string, (v: ViewCase) => number | string | null> = {
  a: ({ a }) => a,
  b: ({ b }) => (b === null ? null : b / 2),
  s: ({ a }) => (a === null ? null : `"${a}"`),
};

function aggregateOf({ function: how, column, k = 1 }: Aggregation, events: readonly ViewCase[]): unknown {
  if (column === '*') return events.length;
  const dated = events.flatMap((event) => {
    const value = read[column]?.(event) ?? null;
    return value === null ? [] : [{ at: event.event ?? 0, value }];
  });
  const values = dated.map(({ value }) => value);
  const numbers = values.map(Number);
  const sum = numbers.reduce((x, y) => x + y, 0);
  const mean = sum / numbers.length;
  if (how === 'count') return values.length;
  if (how === 'distinct') return new Set(values).size;
  if (values.length === 0) return null;
  const sorted = [...values].sort((x, y) => (x < y ? -1 : x > y ? 1 : 0));
  if (how === 'sum') return sum;
  if (how === 'mean') return mean;
  if (how === 'min') return sorted[0];
  if (how === 'max') return sorted.at(-1);
  if (how === 'std')
    return numbers.length < 2
      ? null
      : Math.sqrt(numbers.reduce((x, y) => x + (y - mean) ** 2, 0) / (numbers.length - 1));
  const newest = dated.sort((x, y) => y.at - x.at || (x.value < y.value ? 1 : -1)).map(({ value }) => value);
  if (k === 1) return newest[0];
  const texts = newest
    .slice(0, k)
    .map((value) => (typeof value === 'string' ? JSON.stringify(value) : doubleText(value)));
  return `[${texts.join(',')}]`;
}

const doubleText = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value));

const rounded = (row: Values): Values =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'number' ? Math.round(value * 1e9) / 1e9 : value,
    ]),
  );

async function joinAll(
  given: readonly JoinCase[],
  rules: readonly ReferenceRules[],
  timeType: string,
): Promise<readonly Values[]> {
  const tables = await writeCases(folder.path, given);
  return analytics.sealed({ tables }, async (engine) => {
    await engine.run(
      `create temp table _rows as select row_number() over () as tm__row, make_timestamp("at") as tm__time, * from entities`,
    );
    const time = (name: string) => `cast(make_timestamp(${name}) as ${timeType}) as ${name}`;
    const view = await engine.select(
      `select kase, one, two, ${time('event')}, ${time('created')}, a, b / 2 as b, '"' || a || '"' as s from given`,
    );
    for (const [n, each] of rules.entries())
      await joinWindows(
        engine,
        {
          ...{
            keys,
            eventTime: 'event',
            createdTime: each.hasCreated ? 'created' : null,
            aggregations,
            inputs,
          },
          features: names.map((name) => ({ name, as: `v${n}_${name}` })),
        },
        view,
        {
          bitemporal: each.bitemporal,
          asOf: each.asOf === null ? null : each.asOf / 1000,
          statusAs: `v${n}_status`,
        },
      );
    const { rows } = await engine.query('select * exclude (tm__row, tm__time) from _rows order by tm__row');
    return rows as unknown as Values[];
  });
}

const rule = fc.record({
  ttl: fc.constant(null),
  hasCreated: fc.boolean(),
  bitemporal: fc.constantFrom(true, true, false),
  asOf: fc.option(
    fc.integer({ min: 0, max: 12 }).map((ms) => firstTime + ms * 1000),
    { freq: 2 },
  ),
});

describe('the join of a view with aggregations', () => {
  it('gives each entity row, once and in its place, what the definition read aloud gives', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(rule, { minLength: 1, maxLength: 2 }),
        fc.constantFrom('timestamp', 'timestamptz'),
        async (seed, rules, timeType) => {
          const given = fc.sample(joinCase, { seed, numRuns: casesAtOnce });
          const found = await joinAll(given, rules, timeType);
          const expected = given.flatMap(({ entities, rows }, kase) =>
            entities.map((entity) => {
              const values = rules.flatMap((each, n) =>
                Object.entries(expectedOf(entity, rows, each)).map(([name, value]) => [
                  `v${n}_${name}`,
                  value,
                ]),
              );
              return rounded({ kase, ...entity, ...Object.fromEntries(values) });
            }),
          );
          const wrong = expected.findIndex((row, i) => !isDeepStrictEqual(row, rounded({ ...found[i] })));
          const kase = given[Number(expected[wrong]?.kase ?? 0)];
          expect({ kase, row: found[wrong] && rounded({ ...found[wrong] }) }).toEqual({
            kase,
            row: expected[wrong],
          });
          expect(found).toHaveLength(expected.length);
          compared += expected.length;
        },
      ),
      { numRuns: 12, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(10_000);
  });
});
