import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { openFilesystemBlobs } from '../../adapters/blobs/filesystem.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { type EndpointLog, openEndpointLog } from './endpoint-log.ts';
import {
  beforeOf,
  createLogMemory,
  failuresOf,
  maximumLines,
  pairsOf,
  recordOf,
  windowOf,
} from './log-memory.ts';
import { beforeSql, failuresSql, findSql, pairsSql, windowSql } from './log-queries.ts';
import { dayOf, daysOf, type LoggedPrediction, toPair, toRecord } from './rules.ts';

let analytics: Analytics;
beforeAll(async () => {
  analytics = await openDuckdb();
});
afterAll(() => analytics.close());

async function openLog(folder: string): Promise<EndpointLog> {
  return openEndpointLog({
    analytics,
    blobs: await openFilesystemBlobs({ root: join(folder, 'blobs') }),
    clock: { now: () => 1_000 },
    folder: join(folder, 'log'),
    sealed: [],
    saveSealed: async () => {},
    onWritten: () => {},
    onFailed: (error) => {
      throw error;
    },
  });
}

/** Few values of everything, so that units, ties and repeated answers abound. */
const predictions = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: 6 }),
    eventTime: fc.integer({ min: 0, max: 5 }),
    key: fc.constantFrom('["a"]', '["b"]'),
    variant: fc.constantFrom('one', 'two'),
    model: fc.constantFrom('m@1', 'm@2'),
    role: fc.constantFrom('live' as const, 'shadow' as const),
    source: fc.constantFrom('model' as const, 'fallback' as const),
    fallbackReason: fc.constantFrom(null, 'timed out', 'switched to the rule: night'),
    prediction: fc.option(fc.integer({ min: -5, max: 5 })),
  }),
  { maxLength: 30 },
);
const outcomes = fc.array(
  fc.record({
    byId: fc.option(fc.integer({ min: 0, max: 29 }), { freq: 4 }),
    key: fc.constantFrom('["a"]', '["b"]'),
    eventTime: fc.integer({ min: 0, max: 5 }),
    value: fc.integer({ min: -5, max: 5 }),
  }),
  { maxLength: 12 },
);

const rest = { revision: 1, features: { x: 1 }, queueMs: 0, featureMs: 0, inferenceMs: 0, totalMs: 0 };
const toLogged = (found: object, i: number) =>
  ({ id: `p${i}`, ...rest, ...found }) as unknown as LoggedPrediction;

test('memory and files answer alike', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(predictions, outcomes, fc.integer({ min: 0, max: 4 }), async (made, known, since) => {
      const log = await openLog(await tempDir());
      for (const prediction of made.map(toLogged)) log.append(prediction);
      await log.appendOutcomes(
        known.map(({ byId, key, eventTime, value }) =>
          byId === null
            ? { predictionId: null, key, eventTime, value, observedAt: 9 }
            : { predictionId: `p${byId}`, key: null, eventTime: null, value, observedAt: 9 },
        ),
      );
      const memory = log.findMemory();
      if (!memory) throw new Error('a small log is held in memory');
      const contest = {
        candidate: 'm@2',
        champion: 'm@1',
        candidateVariants: ['one', 'two'],
        championVariants: ['one'],
        since,
      };
      const { candidate, champion, candidateVariants, championVariants } = contest;
      expect(windowOf(memory, { rows: 4, role: 'live', model: null })).toEqual(
        (await log.query(windowSql, ['live', null, 4])).map(toRecord),
      );
      expect(windowOf(memory, { rows: 9, role: 'shadow', model: 'm@1' })).toEqual(
        (await log.query(windowSql, ['shadow', 'm@1', 9])).map(toRecord),
      );
      expect(pairsOf(memory, contest)).toEqual(
        (await log.query(pairsSql, [candidate, champion, since, candidateVariants, championVariants])).map(
          toPair,
        ),
      );
      for (const id of ['p0', 'p29', 'no'])
        expect([recordOf(memory, id)]).toEqual([
          ...(await log.query(findSql, [id], [dayOf(1_000)])).map(toRecord),
          ...(made.some((_, i) => `p${i}` === id) ? [] : [null]),
        ]);
      for (const id of ['p0', 'p29', 'no']) {
        expect(await log.find(id, null)).toEqual(recordOf(memory, id));
        expect(await log.find(id, [dayOf(9e9)])).toBeNull();
      }
      const asked = [
        ...['p0', 'p29', 'no'].map((predictionId) => ({ predictionId, key: null, eventTime: null })),
        ...[0, 3, 5].map((eventTime) => ({ predictionId: null, key: '["a"]', eventTime })),
      ];
      const rows = await log.query(beforeSql, [
        asked.map((_, i) => i),
        asked.map(({ predictionId }) => predictionId ?? ''),
        asked.map(({ key }) => key ?? ''),
        asked.map(({ eventTime }) => eventTime ?? 0),
      ]);
      const byPlace = new Map(rows.map((row) => [Number(row.n), row]));
      expect(
        asked.map((_, i) => {
          const row = byPlace.get(i);
          return row ? [row.matched, row.outcome] : null;
        }),
      ).toEqual(beforeOf(memory, asked).map((each) => each && [each.isMatched, each.known?.value ?? null]));
      expect(await log.query(findSql, ['p0'], [dayOf(9e9)])).toEqual([]);
      const [row] = await log.query(failuresSql, [['one'], since]);
      expect(failuresOf(memory, { variants: ['one'], since }).count).toBe(row?.failures);
      await log.close();
    }),
    { numRuns: 40 },
  );
});

test('a restarted log remembers what was written', async () => {
  const folder = await tempDir();
  const log = await openLog(folder);
  log.append(
    toLogged(
      {
        at: 1,
        eventTime: 2,
        key: '["a"]',
        variant: 'one',
        model: 'm@1',
        role: 'live',
        source: 'model',
        fallbackReason: null,
        prediction: 3,
      },
      0,
    ),
  );
  await log.appendOutcomes([{ predictionId: null, key: '["a"]', eventTime: 2, value: 5, observedAt: 9 }]);
  const before = log.findMemory();
  await log.close();
  const again = await openLog(folder);
  expect(again.findMemory()).toEqual(before);
  await again.close();
});

test('an id of ours tells the days whose segments may hold it, one of the caller’s does not', () => {
  const at = Date.parse('2026-11-23T23:30:00Z');
  const id = `prediction_${at.toString(16).padStart(12, '0')}${'7'.repeat(20)}-3`;
  expect(daysOf(id)).toEqual(['2026-11-23', '2026-11-24']);
  expect(daysOf('order-77-0')).toBeNull();
});

test('a log that grows beyond the bound is forgotten, once and for all', () => {
  const memory = createLogMemory();
  for (let i = 0; i <= maximumLines; i++)
    memory.addPrediction(toLogged({ at: i, eventTime: i, key: '["a"]' }, i));
  expect(memory.find()).toBeNull();
  memory.addOutcome({ predictionId: null, key: '["a"]', eventTime: 1, value: 1, observedAt: 1, sequence: 1 });
  expect(memory.find()).toBeNull();
});
