import { randomBytes } from 'node:crypto';
import type { Study } from '@tidemill/contract';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { callerIn } from '../../../testing/data-wing.ts';
import { isPostgresThere, postgresUrl } from '../../../testing/each-database.ts';
import { buildPrices, commitTrainingSet, features, trainModel } from '../../../testing/model-wing.ts';
import { createTestPlatform, type TestPlatform } from '../../../testing/platform.ts';
import type { StudyInput } from './rules.ts';

const caller = callerIn('main');

/** Servers take databases, not schemas. */
async function withDatabase(work: (url?: string) => Promise<TestPlatform>): Promise<TestPlatform> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  await client.query(`create database ${name}`);
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  const platform = await work(url.href);
  return {
    ...platform,
    async close() {
      await platform.close();
      await client.query(`drop database ${name} with (force)`);
      await client.end();
    },
  };
}

const platforms = [
  { name: 'sqlite', isThere: true, open: () => createTestPlatform() },
  {
    name: 'postgres',
    isThere: isPostgresThere,
    open: () => withDatabase((postgres = '') => createTestPlatform({ postgres })),
  },
];

for (const { name, isThere, open } of platforms)
  describe.skipIf(!isThere)(`studies [${name}]`, () => {
    let platform: TestPlatform;
    let trees = '';
    let ridge = '';

    beforeAll(async () => {
      platform = await open();
      await commitTrainingSet(platform, buildPrices(260), caller);
      trees = (await trainModel(platform, caller, { parameters: { trees: 30, depth: 3 } })).reference;
      ridge = (await trainModel(platform, caller, { learner: 'ridge' })).reference;
      const csv = ['at,y,yhat,h,q1,q9'];
      for (let t = 0; t < 60; t += 1)
        for (const h of [1, 2, 3])
          csv.push(`${t},${t % 4},${(t % 4) + h / 10},${h},${(t % 4) - 1},${(t % 4) + 1}`);
      await platform.services.datasets.commit(
        { name: 'forecasts', format: 'csv', content: Buffer.from(`${csv.join('\n')}\n`) },
        caller,
      );
    }, 60_000);
    afterAll(() => platform.close());

    const begin = (change: Partial<StudyInput> & Pick<StudyInput, 'kind'>) =>
      platform.services.studies.create(
        { model: trees, dataset: 'training@latest', target: 'next_close', ...change },
        caller,
      );
    const ended = (id: string): Promise<Study> =>
      vi.waitUntil(
        async () => {
          const found = await platform.services.studies.get({ id }, caller);
          return found.finishedAt !== null && found;
        },
        { timeout: 25_000 },
      );
    const run = async (change: Parameters<typeof begin>[0]) => {
      const found = await ended((await begin(change)).id);
      expect(found.error).toBeNull();
      if (!found.report) throw new Error('it has no report');
      return found.report;
    };

    test('importance: positive where the model looks, the same again with the same seed, groups and pairs stated', async () => {
      const asked = { kind: 'importance', importance: { repeats: 4 }, seed: 7 } as const;
      const { importance, rows, notes } = await run(asked);
      expect(rows).toBe(257);
      expect(notes.join()).toContain('may have learned from some of these rows');
      expect(importance?.metric).toBe('mae');
      expect(importance?.features.map((each) => each.features[0]).sort()).toEqual([...features].sort());
      const [first] = importance?.features ?? [];
      expect(first?.mean).toBeGreaterThan(1);
      expect(first?.interval?.low).toBeGreaterThan(0);
      expect(first?.interval?.low).toBeLessThan(first?.mean ?? 0);
      expect(first?.interval?.high).toBeGreaterThan(first?.mean ?? 0);
      // Prices of neighbouring days are nearly one feature.
      expect(importance?.correlated.length).toBe(3);
      expect((await run(asked)).importance).toEqual(importance);
      const joined = await run({ ...asked, importance: { repeats: 4, correlated: 0.9 } });
      expect(joined.importance?.features).toHaveLength(1);
      expect(joined.importance?.features[0]?.mean).toBeGreaterThan(first?.mean ?? 0);
    });

    test('attribution: what the trees say adds up to what the model gives', async () => {
      const { attribution, notes } = await run({ kind: 'attribution', attribution: { points: 20 } });
      expect(notes).toBeDefined();
      expect(attribution).toMatchObject({ space: 'prediction', background: { of: 'training@1', rows: 257 } });
      expect(attribution?.largestGap).toBeLessThan(1e-3);
      expect(attribution?.points).toHaveLength(20);
      const [output] = attribution?.outputs ?? [];
      for (const point of attribution?.points ?? []) {
        const sum = point.outputs[0]?.attributions.reduce((total, value) => total + value, output?.base ?? 0);
        expect(sum).toBeCloseTo(point.outputs[0]?.total ?? Number.NaN, 8);
      }
      const refused = await ended((await begin({ kind: 'attribution', model: ridge })).id);
      expect(refused.state).toBe('failed');
      expect(refused.error).toContain('0 tree ensembles');
    });

    test('stability: more noise, more error; what is missing is told of', async () => {
      const { stability } = await run({ kind: 'stability', stability: { noise: [0.01, 1], repeats: 3 } });
      const [little, much] = stability?.noise ?? [];
      expect(much?.metric).toBeGreaterThan(little?.metric ?? Number.POSITIVE_INFINITY);
      expect(much?.meanChange).toBeGreaterThan(little?.meanChange ?? Number.POSITIVE_INFINITY);
      expect(stability?.missing.map(({ feature }) => feature)).toEqual(features);
      expect(stability?.missing.every(({ fails }) => fails === null)).toBe(true);
      const linear = await run({ kind: 'stability', model: ridge, stability: { noise: [0.1], repeats: 1 } });
      for (const each of linear.stability?.missing ?? []) {
        expect(each.fails).toContain('finite');
        expect(each.filled?.meanChange).toBeGreaterThan(0);
      }
    });

    test('backtest: refitted fold by fold, by horizon, beside the naive rules', async () => {
      const options = { folds: 5, horizon: 8, season: 5 };
      const { backtest } = await run({ kind: 'backtest', model: ridge, backtest: options });
      expect(backtest).toMatchObject({ window: 'expanding', refitted: true });
      expect(backtest?.folds).toHaveLength(5);
      expect(backtest?.folds.map(({ trainRows }) => trainRows)).toEqual([217, 225, 233, 241, 249]);
      for (const fold of backtest?.folds ?? []) expect((fold.trainTo ?? '') < fold.from).toBe(true);
      expect(backtest?.horizons.map(({ horizon, rows }) => [horizon, rows])).toEqual(
        [1, 2, 3, 4, 5, 6, 7, 8].map((horizon) => [horizon, 5]),
      );
      const naive = backtest?.rules.find(({ name: rule }) => rule === 'naive');
      // A price that climbs: the last one known falls ever further behind, the regression does not.
      expect(backtest?.metrics.mae).toBeLessThan(naive?.metrics.mae ?? 0);
      expect(backtest?.intervals.mae?.low).toBeLessThan(backtest?.metrics.mae ?? 0);
      expect(backtest?.comparisons.map(({ against }) => against)).toEqual(['naive', 'seasonal-naive']);
      const sliding = await run({
        ...{ kind: 'backtest', model: ridge },
        backtest: { folds: 2, horizon: 8, gap: 3, trainTimes: 50 },
      });
      expect(sliding.backtest?.folds.map(({ trainRows }) => trainRows)).toEqual([50, 50]);
      expect(sliding.backtest?.horizons[0]?.horizon).toBe(4);
      const short = await ended((await begin({ kind: 'backtest', backtest: { folds: 50, horizon: 10 } })).id);
      expect(short.error).toContain('too short for this backtest');
    });

    test('a table of forecasts: by horizon, quantiles and the season known at each origin', async () => {
      const { backtest, rows, notes } = await run({
        ...{ kind: 'backtest', dataset: 'forecasts@1', target: 'y', timeColumn: 'at' },
        predictions: { prediction: 'yhat', quantiles: { '0.1': 'q1', '0.9': 'q9' } },
        backtest: { horizonColumn: 'h', season: 4, folds: 5 },
      });
      expect(rows).toBe(180);
      expect(backtest?.horizons.map(({ metrics }) => metrics.mae)).toEqual([
        expect.closeTo(0.1),
        expect.closeTo(0.2),
        expect.closeTo(0.3),
      ]);
      expect(backtest?.metrics).toMatchObject({ coverage_80: 1, width_80: 2 });
      const seasonal = backtest?.rules.find(({ name: rule }) => rule === 'seasonal-naive');
      expect(seasonal?.metrics.mae).toBe(0);
      expect(notes.join()).toContain("before the table's first truth");
    });

    test('an evaluation as a task gives the same as one in a request', async () => {
      const { evaluation } = await run({ kind: 'evaluation', model: ridge, timeColumn: 'event_time' });
      const { evaluations } = platform.services;
      const direct = await evaluations.evaluate(
        { model: ridge, dataset: 'training@latest', target: 'next_close', timeColumn: 'event_time' },
        caller,
      );
      const found = await evaluations.get({ id: evaluation ?? '' }, caller);
      expect(found.metrics).toEqual(direct.metrics);
    });

    test('a gate reads the newest of each kind, and says how to make what is missing', async () => {
      const { evaluations, governance } = platform.services;
      const { id } = await evaluations.evaluate(
        { model: trees, dataset: 'training@latest', target: 'next_close', timeColumn: 'event_time' },
        caller,
      );
      const rule = (name: string, expression: string) => ({ name, expression, message: 'not so' });
      const rules = [
        rule('leans', 'studies.importance.metric == "mae" && studies.importance.max_share <= 1.0'),
        rule('steady', 'studies.stability.noise["1"].worsening > studies.stability.noise["0.01"].worsening'),
        rule(
          'whole',
          'size(studies.stability.fails_without) == 0 && studies.stability.max_worsening < 0.001',
        ),
        rule('tested', 'studies.backtest.metrics.mae < 5.0'),
      ];
      await governance.putGate({ name: 'forecaster', rules }, caller);
      const { results } = await governance.check(
        { name: 'forecaster', version: '1', evaluation: id },
        caller,
      );
      expect(results.map(({ passed }) => passed)).toEqual([true, true, false, false]);
      expect(results[0]?.message).toMatch(/holds: studies.importance.metric = mae, .*max_share = 1$/);
      expect(results[2]?.message).toMatch(/studies.stability.max_worsening = \d/);
      expect(results[3]?.message).toContain('tidemill studies run backtest REF');
      const misspelt = [rule('wrong', 'studies.stability.max_flip < 0.1')];
      await expect(governance.putGate({ name: 'forecaster', rules: misspelt }, caller)).rejects.toThrow(
        /max_flip/,
      );
    });

    test('ended by its user, listed, and told apart from what it is not', async () => {
      const { studies } = platform.services;
      const { id } = await begin({ kind: 'importance', importance: { repeats: 100 } });
      const cancelled = await studies.cancel({ id }, caller);
      expect(cancelled).toMatchObject({ state: 'cancelled', report: null });
      await expect(studies.cancel({ id }, caller)).rejects.toMatchObject({ code: 'studyEnded' });
      const list = await studies.list({ kind: 'importance', model: trees }, caller);
      expect(list.items[0]).toMatchObject({ id, state: 'cancelled', model: trees });
      await expect(studies.get({ id }, callerIn('elsewhere'))).rejects.toMatchObject({
        code: 'studyNotFound',
      });
      const wrong = [
        { kind: 'stability', importance: { repeats: 2 } },
        { kind: 'importance', model: undefined },
        { kind: 'backtest', window: { last: 5 } },
        { kind: 'backtest', model: ridge, backtest: { horizonColumn: 'h' } },
      ] as const;
      for (const change of wrong)
        await expect(begin(change)).rejects.toMatchObject({ code: 'evaluationRequestInvalid' });
      const metric = await ended((await begin({ kind: 'importance', metric: 'bias' })).id);
      expect(metric.error).toContain("of 'bias' neither more nor less is better");
      const input = await ended((await begin({ kind: 'importance', importance: { features: ['nope'] } })).id);
      expect(input.error).toContain("'nope' is none of the model's inputs");
    });
  });
