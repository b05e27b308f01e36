import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import {
  firstTime,
  type JoinCase,
  joinCase,
  type ReferenceRules,
  seenBy,
  writeCases,
} from '../../testing/join-cases.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { joinView } from './view-join.ts';

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
const rules = fc.record({
  ttl: fc.option(fc.constantFrom(0, 1000, 3000), { freq: 4 }),
  hasCreated: fc.boolean(),
  bitemporal: fc.constantFrom(true, true, false),
  asOf: fc.option(
    fc.integer({ min: 0, max: 12 }).map((ms) => firstTime + ms * 1000),
    { freq: 2 },
  ),
});
/** Zoned or not, a time is the same instant. */
const timeTypes = fc.constantFrom('timestamp', 'timestamptz');
/** Drawn from a seed, so that a failure names the seed and the one case, not hundreds. */
const seeds = fc.integer();
const casesOf = (seed: number): JoinCase[] => fc.sample(joinCase, { seed, numRuns: casesAtOnce });

interface Joined {
  readonly at: number | null;
  readonly a: number | null;
  readonly b: number | null;
  readonly status?: string;
  readonly a2: number | null;
}

/** All cases in one run of the join, and the same view joined a second time under other rules. */
async function joinAll(
  given: readonly JoinCase[],
  first: ReferenceRules,
  second: ReferenceRules,
  { withStatus, timeType }: { withStatus: boolean; timeType: string },
): Promise<readonly Joined[]> {
  const tables = await writeCases(folder.path, given);
  return analytics.sealed({ tables }, async (engine) => {
    await engine.run(
      `create temp table _rows as select row_number() over () as tm__row, make_timestamp("at") as tm__time, * from entities`,
    );
    const time = (name: string) => `cast(make_timestamp(${name}) as ${timeType}) as ${name}`;
    const view = await engine.select(
      `select kase, one, two, ${time('event')}, ${time('created')}, a, b from given`,
    );
    for (const [n, each] of [first, second].entries()) {
      const features = n === 0 ? ['a', 'b'] : ['a'];
      await joinView(
        engine,
        {
          keys,
          eventTime: 'event',
          createdTime: each.hasCreated ? 'created' : null,
          ttlMs: each.ttl === null ? null : each.ttl / 1000,
          features: features.map((name) => ({ name, as: n === 0 ? name : `${name}2` })),
        },
        view,
        {
          bitemporal: each.bitemporal,
          asOf: each.asOf === null ? null : each.asOf / 1000,
          statusAs: n === 0 && withStatus ? 'status' : undefined,
        },
      );
    }
    const { rows } = await engine.query('select * exclude (tm__row, tm__time) from _rows order by tm__row');
    return rows as unknown as Joined[];
  });
}

describe('the join of a view', () => {
  it('gives each entity row, once and in its place, what the definition read aloud gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        seeds,
        rules,
        rules,
        fc.boolean(),
        timeTypes,
        async (seed, first, second, withStatus, timeType) => {
          const given = casesOf(seed);
          const found = await joinAll(given, first, second, { withStatus, timeType });
          const expected = given.flatMap(({ entities, rows }, kase) =>
            entities.map((entity) => {
              const { a, b, status } = seenBy(entity, rows, first);
              const a2 = seenBy(entity, rows, second).a;
              return { kase, ...entity, a, b, ...(withStatus && { status }), a2 };
            }),
          );
          const wrong = expected.findIndex((row, i) => !isDeepStrictEqual(row, { ...found[i] }));
          const kase = given[expected[wrong]?.kase ?? 0];
          expect({ kase, row: found[wrong] }).toEqual({ kase, row: expected[wrong] });
          expect(found).toHaveLength(expected.length);
        },
      ),
      { numRuns: 12, endOnFailure: true },
    );
  });

  it('is not changed by rows after T, or older than T - ttl', async () => {
    const noise = fc.record({ later: fc.integer({ min: 1, max: 5000 }), a: fc.integer({ min: 0, max: 2 }) });
    await fc.assert(
      fc.asyncProperty(seeds, noise, fc.boolean(), async (seed, { later, a }, hasCreated) => {
        const given = casesOf(seed);
        const when: ReferenceRules = { ttl: 3000, hasCreated, bitemporal: true, asOf: null };
        // One time per case, so that there is a before and an after.
        const single = given.map(({ entities, rows }) => ({ entities: entities.slice(0, 1), rows }));
        const noisy = single.map(({ entities, rows }) => ({
          entities,
          rows: [...rows, ...entities.flatMap((entity) => outside(entity, when, later, a))],
        }));
        const options = { withStatus: false, timeType: 'timestamp' };
        const [before, after] = [
          await joinAll(single, when, when, options),
          await joinAll(noisy, when, when, options),
        ];
        const wrong = before.findIndex((row, i) => !isDeepStrictEqual(row, after[i]));
        expect({ kase: noisy[wrong], row: after[wrong] }).toEqual({ kase: noisy[wrong], row: before[wrong] });
        expect(after).toHaveLength(before.length);
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });
  it('needs neither time nor memory for rows of one key that all became known long after their event', async () => {
    const small = await openDuckdb({ memory: '128MB', spillFolder: folder.path });
    const second = 1_000_000;
    const [events, late] = [3_000_000, 1_000_000];
    const view = `select 1 as one, make_timestamp(range * ${second}) as event, event + to_seconds(${late}) as created,
      range as a, repeat('x', 40) || range as b from range(${events})`;
    const { rows } = await small.sealed({ tables: {} }, async (engine) => {
      await engine.run(`create temp table _rows as select range + 1 as tm__row, 1 as one,
        make_timestamp((hash(range) % ${events * 2})::bigint * ${second} + 7) as tm__time from range(500000)`);
      const features = ['a', 'b'].map((name) => ({ name, as: name }));
      const joined = { keys: ['one'], eventTime: 'event', createdTime: 'created', ttlMs: null, features };
      await joinView(engine, joined, await engine.select(view), { bitemporal: true, asOf: null });
      return engine.query(`
        select count(*) as n, count(distinct tm__row) as distinct_,
          count(*) filter (a is distinct from newest) as wrong_a,
          count(*) filter (b is distinct from repeat('x', 40) || newest) as wrong_b
        from (select *, case when tm__time >= make_timestamp(${late * second})
          then least(epoch_us(tm__time) // ${second} - ${late}, ${events - 1}) end as newest from _rows)`);
    });
    await small.close();
    expect(rows).toEqual([{ n: 500_000, distinct_: 500_000, wrong_a: 0, wrong_b: 0 }]);
  });
});

/** Rows of the entity that must not matter: events after T, events too old, and corrections after T of what is seen. */
function outside(
  { one, two, at }: JoinCase['entities'][number],
  { ttl, hasCreated }: ReferenceRules,
  later: number,
  a: number,
) {
  if (at === null) return [];
  const row = { one, two, a, b: a };
  return [
    { ...row, event: at + later, created: at },
    { ...row, event: at - (ttl ?? 0) - later, created: at - later },
    ...(hasCreated
      ? [
          { ...row, event: at, created: at + later },
          { ...row, event: at - 1, created: at + later },
        ]
      : []),
  ];
}
