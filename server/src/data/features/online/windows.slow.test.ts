import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Aggregation, Column, FeatureView } from '@tidemill/contract';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqlite } from '../../../adapters/db/sqlite.ts';
import { openRedisOnline } from '../../../adapters/online/redis.ts';
import type { Caller } from '../../../base/caller.ts';
import { quoteName } from '../../../base/sql-text.ts';
import { callerIn, createDataWing, type DataWing } from '../../../testing/data-wing.ts';
import { isRedisThere, redisUrl } from '../../../testing/redis.ts';
import { createTempDir } from '../../../testing/temp-dir.ts';
import { joinWindows } from '../window-join.ts';
import { readTexts, toViewRead } from './read.ts';
import { elementSql, onlineName } from './values.ts';

const hourUs = 3_600_000_000;
const inputs: Column[] = [
  { name: 'n', type: 'integer' },
  { name: 'x', type: 'double' },
  { name: 's', type: 'text' },
  { name: 'b', type: 'boolean' },
  { name: 'd', type: 'date' },
  { name: 'seen', type: 'timestamp' },
];
const functions = ['count', 'sum', 'mean', 'min', 'max', 'std', 'last', 'distinct'] as const;
const longest = 168 * hourUs;
const windows = [hourUs, longest];
const aggregations: Aggregation[] = ['1h', '7d'].flatMap((window) => [
  { function: 'count' as const, column: '*', window },
  ...inputs
    .slice(0, 2)
    .flatMap(({ name: column }) => functions.map((how) => ({ function: how, column, window }))),
  ...inputs.slice(2).flatMap(({ name: column }) => [
    ...(['count', 'min', 'max', 'last', 'distinct'] as const).map((how) => ({
      function: how,
      column,
      window,
    })),
    { function: 'last' as const, column, window, k: 3 },
  ]),
  { function: 'last' as const, column: 'n', window, k: 2 },
  { function: 'last' as const, column: 'x', window, k: 2 },
]);

interface Event {
  /** Hours before the start, and microseconds beside. */
  readonly key: string;
  readonly hours: number;
  readonly off: number;
  /** Hours after the event at which it became known. */
  readonly later: number;
  readonly values: readonly unknown[];
}

type Mode = 'online' | 'offline' | 'online_and_offline';
type Step =
  | { readonly kind: 'push'; readonly events: readonly Event[]; readonly to: Mode }
  | { readonly kind: 'again'; readonly which: number; readonly to: Mode }
  | { readonly kind: 'materialize'; readonly mode: 'full' | 'incremental' }
  | { readonly kind: 'prune'; readonly keep: number }
  | { readonly kind: 'wait'; readonly hours: number };

const texts = ['a', 'b"', 'ä\u0001\u001f', '😀', '\uffee', '', 'x, y'];
const orNull = <T>(some: fc.Arbitrary<T>) => fc.option(some, { freq: 5 });
const someValues = fc.tuple(
  orNull(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom('9007199254740995', '-9223372036854775'))),
  orNull(
    fc.oneof(
      fc.integer({ min: -4, max: 4 }).map((n) => n / 2),
      fc.constantFrom(2 ** 60, 2 ** -20, -0, 1e15, 2 ** 53 + 2, 0.1, 1e9 + 0.1, 1e200, 1e308, -5e-324),
    ),
  ),
  orNull(fc.constantFrom(...texts)),
  orNull(fc.boolean()),
  orNull(fc.constantFrom('2026-01-01', '1969-12-30', '0012-05-06')),
  orNull(fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000001Z', '1950-01-01T00:00:00.5Z')),
);
const someEvent: fc.Arbitrary<Event> = fc.record({
  key: fc.constantFrom('one', 'two', 'ö "3"'),
  hours: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom(12, 168, 200)),
  off: fc.constantFrom(0, 0, 1, -1),
  later: fc.constantFrom(-1, 0, 0, 1, 3, 40),
  values: someValues,
});
const someMode = fc.constantFrom<Mode>('online', 'offline', 'online_and_offline', 'online_and_offline');
const someStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      events: fc.array(someEvent, { minLength: 1, maxLength: 4 }),
      to: someMode,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('again' as const), which: fc.nat({ max: 2 }), to: someMode }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('materialize' as const),
      mode: fc.constantFrom('full' as const, 'incremental' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('prune' as const), keep: fc.nat({ max: 63 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), hours: fc.constantFrom(1, 30, 150) }),
  },
);

const event = { key: 'one', hours: 0, off: 0, later: 0, values: [1, 0.5, 'a', true, null, null] };
const push = (to: Mode): Step => ({ kind: 'push', events: [event], to });
const again = (to: Mode): Step => ({ kind: 'again', which: 0, to });
const materialize = (mode: 'full' | 'incremental'): Step => ({ kind: 'materialize', mode });

const other = { ...event, key: 'two' };
const both = (events: Event[]): Step => ({ kind: 'push', events, to: 'online_and_offline' });

/** What is counted twice, or lost, wherever one part of the protocol is missing. */
const stories: readonly (readonly Step[])[] = [
  [push('online_and_offline'), materialize('full'), again('online_and_offline')],
  [push('online_and_offline'), push('offline'), materialize('incremental'), again('online')],
  [push('online'), again('offline'), materialize('full')],
  [push('online'), again('online_and_offline'), materialize('full'), again('online')],
  [push('offline'), materialize('full'), again('online'), materialize('incremental')],
  // What was pushed since the last run is taken out of the dataset before the next.
  [materialize('incremental'), both([other, event]), { kind: 'prune', keep: 1 }, materialize('incremental')],
];

interface Row {
  readonly key: string;
  readonly at: number;
  readonly known: number;
  readonly values: readonly unknown[];
}

interface Pushed {
  readonly key: string;
  readonly rows: readonly Row[];
  isOffline: boolean;
  /** In the dataset of now. */
  kept: boolean[];
  /** What a look-up must count. */
  seen: boolean[];
  isPruned: boolean;
}

const timeSql = (us: number): string => `make_timestamp(${us})`;
const iso = (us: number): string => {
  const ms = Math.floor(us / 1000);
  return new Date(ms).toISOString().replace('Z', `${String(us - ms * 1000).padStart(3, '0')}Z`);
};
const typesSql: Record<string, string> = {
  n: 'bigint',
  x: 'double',
  s: 'varchar',
  b: 'boolean',
  d: 'date',
  seen: 'timestamp',
};
const literal = (value: unknown): string =>
  typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
const cellsSql = ({ key, at, known, values }: Row): string =>
  [
    `${literal(key)} as key, ${timeSql(at)} as at, ${timeSql(known)} as known`,
    ...inputs.map(({ name }, i) => `cast(${literal(values[i])} as ${typesSql[name]}) as ${name}`),
  ].join(', ');
const nobody: Row = { key: 'nobody', at: 0, known: 0, values: inputs.map(() => null) };
const entities = ['one', 'two', 'ö "3"', 'unknown', null];

describe.each(['sqlite', 'redis'])('values of windows online, in %s', (kind) => {
  let wing: DataWing;
  let folder: Awaited<ReturnType<typeof createTempDir>>;
  let run = 0;
  const prefix = `test-${randomBytes(8).toString('hex')}`;

  beforeAll(async () => {
    if (kind === 'redis' && !isRedisThere) return;
    folder = await createTempDir();
    const db = await openSqlite({ file: join(folder.path, 'tidemill.db'), durability: 'process' });
    const online = kind === 'redis' ? await openRedisOnline({ url: redisUrl, prefix }) : undefined;
    wing = await createDataWing(db, online ? { online } : {});
  });
  afterAll(async () => {
    if (!wing) return;
    await wing.close();
    await folder.remove();
    if (kind !== 'redis') return;
    const client = new Redis(redisUrl);
    const keys = await client.keys(`${prefix}:*`);
    for (let start = 0; start < keys.length; start += 1_000)
      await client.unlink(...keys.slice(start, start + 1_000));
    client.disconnect();
  });

  /** What the join gives for these rows at each T: per entity its values and status. */
  async function offlineAt(rows: readonly Row[], view: FeatureView, times: readonly number[]) {
    return wing.analytics.sealed({ tables: {} }, async (engine) => {
      const all =
        rows.length === 0
          ? `select ${cellsSql(nobody)} where false`
          : rows.map((row) => `select ${cellsSql(row)}`).join(' union all ');
      const asked = times.flatMap((at) =>
        entities.map((key) => `${timeSql(at)} as tm__time, cast(${literal(key)} as varchar) as key`),
      );
      await engine.run(
        `create temp table _rows as ${asked.map((each, i) => `select ${i} as tm__row, ${each}`).join(' union all ')}`,
      );
      const features = view.features.map(({ name }) => ({ name, as: name }));
      const { entity: keys, eventTime, createdTime } = view;
      await joinWindows(
        engine,
        { keys, eventTime, createdTime, aggregations: view.aggregations, inputs: view.inputs, features },
        await engine.select(all),
        { bitemporal: true, asOf: null, statusAs: 'status' },
      );
      const texts = view.features.map(
        ({ name, type }) => `${elementSql(quoteName(name), type)} as ${quoteName(name)}`,
      );
      const found = await engine.query(`select key, status, ${texts.join(', ')} from _rows order by tm__row`);
      return found.rows.map((row) => ({
        values: view.features.map(({ name }) => row[name] ?? 'null'),
        status: row.key === null ? 'NOT_FOUND' : row.status,
      }));
    });
  }

  async function expectSame(
    view: FeatureView,
    rows: readonly Row[],
    times: readonly number[],
    told: unknown,
  ): Promise<void> {
    const offline = await offlineAt(rows, view, times);
    const records = entities.map((key) => ({ key }));
    for (const [t, at] of times.entries()) {
      const now = at / 1000;
      const [online = []] = await readTexts(wing.online, [toViewRead(view)], records, { at: now, now });
      for (const [i, found] of online.entries()) {
        const expected = offline[t * entities.length + i];
        const key = entities[i];
        const context = { key, at: iso(at), told, rows: rows.filter((row) => row.key === key) };
        const values = found.texts ?? view.features.map(() => 'null');
        const isNull = values.every((value) => value === 'null');
        // What was pushed online only, and has left every window, is forgotten with the next materialization.
        const isForgotten = context.rows.length > 0 && context.rows.every((row) => row.at <= at - longest);
        if (isForgotten && !found.isThere) expect(values).toEqual(offline[t * entities.length + 3]?.values);
        if (isForgotten && !found.isThere) continue;
        const status = found.isThere ? (isNull ? 'NULL_VALUE' : 'PRESENT') : 'NOT_FOUND';
        expect({ values, status, ...context }).toEqual({ ...expected, ...context });
      }
    }
  }

  async function playOut(steps: readonly Step[], hasCreated: boolean): Promise<void> {
    const caller: Caller = callerIn(`w${run++}`);
    const stream = {
      dataset: 'events',
      columns: [
        { name: 'key', type: 'text' as const },
        { name: 'at', type: 'timestamp' as const },
        { name: 'known', type: 'timestamp' as const },
        ...inputs,
      ],
    };
    const view = await wing.features.put(
      {
        ...{ name: 'v', stream, entity: ['key'], eventTime: 'at', aggregations },
        ...(hasCreated && { createdTime: 'known' }),
      },
      caller,
    );
    const one = { name: 'v', version: '1' };
    const start = wing.clock.now() * 1000;
    const pushes: Pushed[] = [];
    const toRow = ({ key, hours, off, later, values }: Event): Row => {
      const at = Math.min(start - hours * hourUs + off, start);
      return { key, at, known: at + later * hourUs, values };
    };
    const send = async ({ key, rows }: Pushed, to: Mode) => {
      const sent = rows.map((row) => ({
        ...{ key: row.key, at: iso(row.at), known: iso(row.known) },
        ...Object.fromEntries(inputs.map(({ name }, i) => [name, row.values[i]])),
      }));
      await wing.features.push({ ...one, rows: sent, to, key }, caller);
    };
    const note = (pushed: Pushed, to: Mode) => {
      if (to !== 'online' && !pushed.isOffline) {
        pushed.isOffline = true;
        pushed.kept = pushed.rows.map(() => true);
      }
      if (to !== 'offline') pushed.seen = pushed.rows.map(() => true);
    };
    const seen = () => pushes.flatMap(({ rows, seen: which }) => rows.filter((_, i) => which[i]));

    async function take(step: Step): Promise<void> {
      if (step.kind === 'wait') wing.skip(step.hours * 3_600_000);
      if (step.kind === 'push') {
        const rows = step.events.map(toRow);
        const none = rows.map(() => false);
        const pushed = {
          key: `push ${pushes.length}`,
          rows,
          isOffline: false,
          kept: none,
          seen: none,
          isPruned: false,
        };
        pushes.push(pushed);
        await send(pushed, step.to);
        note(pushed, step.to);
      }
      if (step.kind === 'again') {
        const pushed = pushes[step.which % Math.max(1, pushes.length)];
        if (!pushed || pushed.isPruned) return;
        await send(pushed, step.to);
        note(pushed, step.to);
      }
      if (step.kind === 'materialize') {
        await wing.features.materialize({ ...one, mode: step.mode }, caller);
        for (const pushed of pushes) if (pushed.isOffline) pushed.seen = [...pushed.kept];
      }
      if (step.kind === 'prune') await prune(step.keep);
    }

    /** The dataset is put in place again with some of its rows only. */
    async function prune(keep: number): Promise<void> {
      let n = 0;
      const kept = pushes.map((pushed) =>
        pushed.kept.map((isKept) => isKept && ((keep >> (n++ % 6)) & 1) === 1),
      );
      const rows = pushes.flatMap(({ rows: all }, p) => all.filter((_, i) => kept[p]?.[i]));
      // A version without rows is none that can be committed here.
      if (rows.length === 0) return;
      for (const [p, pushed] of pushes.entries()) {
        pushed.isPruned ||= pushed.isOffline;
        pushed.kept = kept[p] ?? [];
      }
      const lines = rows.map((row) =>
        JSON.stringify({
          ...{ key: row.key, at: iso(row.at), known: iso(row.known) },
          ...Object.fromEntries(inputs.map(({ name }, i) => [name, row.values[i]])),
        }),
      );
      const path = join(folder.path, `rows-${run}.ndjson`);
      await writeFile(path, `${lines.join('\n')}\n`);
      const to = join(folder.path, `rows-${run}.parquet`);
      const types = Object.fromEntries(stream.columns.map(({ name, type }) => [name, type]));
      await wing.analytics.importFile({ path, label: 'rows', format: 'ndjson', types, to });
      const provenance = { kind: 'upload' as const, inputs: [], detail: {} };
      await wing.datasets.commitParquet({ name: 'events', path: to, message: 'pruned', provenance }, caller);
    }
    for (const step of steps) {
      await take(step);
      const now = wing.clock.now() * 1000;
      const edges = seen().flatMap(({ at, known }) => [known, ...windows.map((width) => at + width)]);
      const later = edges.filter((edge) => edge > now).sort((a, b) => a - b);
      const chosen = [now, ...later.slice(0, 2), ...later.slice(-1)].map((at) => Math.ceil(at / 1000) * 1000);
      await expectSame(view, seen(), [...new Set(chosen)], steps);
    }
    await wing.online.drop(onlineName(view));
  }

  it.skipIf(kind === 'redis' && !isRedisThere)(
    'are those of the join at that instant, however they came online',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(someStep, { minLength: 4, maxLength: 10 }),
          fc.constantFrom(true, false, false),
          playOut,
        ),
        {
          numRuns: 12,
          endOnFailure: true,
          examples: stories.map((steps) => [[...steps], false] as [Step[], boolean]),
        },
      );
    },
    600_000,
  );
});
