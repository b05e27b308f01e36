import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { workerPool } from '../../adapters/executor/worker-pool.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { buildRecipe, buildTable } from './fitting/fitting-testing.ts';
import { trainModel } from './fitting/train-model.ts';
import { createLearners, type Learners } from './service.ts';

const rowsSql = `select date '2024-01-01' + i::integer as day, i as number, i * 0.5 as half, sin(i) as wave,
  i + 0.25 as next, 'x' as label, case when i in (3, 7) then null else i end as gaps, i % 2 = 0 as even
  from range(40) t(i)`;
const wanted = { reference: 'prices@1', features: ['half', 'even'], target: 'next', timeColumn: 'day' };

describe('learners', () => {
  const compute = workerPool({ threads: 2 });
  let analytics: Analytics;
  let learners: Learners;
  let folder: Awaited<ReturnType<typeof createTempDir>>;

  beforeAll(async () => {
    folder = await createTempDir();
    analytics = await openDuckdb();
    learners = createLearners({ analytics, compute });
  });

  afterAll(async () => {
    await analytics.close();
    await compute.close();
    await folder.remove();
  });

  async function write(sql: string): Promise<TableSource> {
    const path = join(folder.path, `${createHash('sha256').update(sql).digest('hex').slice(0, 12)}.parquet`);
    await analytics.sandboxedCopy({ sql, to: path });
    return { paths: [path] };
  }

  test('reads oldest rows first, whatever their order in the file', async () => {
    const table = await learners.read(await write(`${rowsSql} order by hash(i)`), wanted);
    expect(table.features.names).toEqual(['half', 'even']);
    expect([...table.target.subarray(0, 3)]).toEqual([0.25, 1.25, 2.25]);
    expect([...(table.features.columns[1]?.subarray(0, 3) ?? [])]).toEqual([1, 0, 1]);
    expect(table.time[1]).toBe(Date.UTC(2024, 0, 2) * 1000);
  });

  test('rows of one time keep the order of the file, also across files', async () => {
    const first = await write('select 5.0 as y, 1.0 as x, 9 as t union all select 6.0, 2.0, 9');
    const second = await write('select 7.0 as y, 3.0 as x, 9 as t');
    const columns = { reference: 'r@1', features: ['x'], target: 'y', timeColumn: 't' };
    const table = await learners.read({ paths: [...second.paths, ...first.paths] }, columns);
    expect([...table.target]).toEqual([7, 5, 6]);
  });

  test.each([
    [
      { features: ['halff'] },
      'datasetColumnNotFound',
      /no column 'halff'. Its columns are day, number, half/,
    ],
    [{ features: ['label'] }, 'trainingColumnInvalid', /'label' of prices@1 holds text, and learners take/],
    [{ timeColumn: 'label' }, 'trainingColumnInvalid', /which is neither time nor number/],
    [{ features: ['half', 'half'] }, 'trainingColumnInvalid', /named twice/],
    [{ features: ['next'] }, 'trainingColumnInvalid', /is the target/],
    [{ features: ['gaps'] }, 'trainingValueMissing', /'gaps' .* in 2 of 40 rows \(first in row 4\)/],
    [{ target: 'gaps' }, 'trainingValueMissing', /in 2 of 40 rows/],
  ])('refuses %o', async (change, code, message) => {
    const source = await write(rowsSql);
    const reading = learners.read(source, { ...wanted, ...change });
    await expect(reading).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('NaN and infinity are no numbers to learn from', async () => {
    const sql =
      "select i as t, i * 1.0 as y, if(i = 2, 'nan'::double, if(i = 3, 'inf'::double, i)) as x from range(9) t(i)";
    const reading = learners.read(await write(sql), {
      ...{ reference: 'r@1', features: ['x'], target: 'y', timeColumn: 't' },
    });
    await expect(reading).rejects.toThrow("'x' of r@1 has no finite number in 2 of 9 rows (first in row 3)");
  });

  test('an empty table is refused, not fitted', async () => {
    const source = await write(`select * from (${rowsSql}) limit 0`);
    const recipe = buildRecipe({ ...wanted, holdout: 0 });
    await expect(learners.retrain(recipe, source)).rejects.toMatchObject({ code: 'trainingRefused' });
  });

  test('the worker gives what the function gives, with progress', async () => {
    const table = buildTable(120);
    const recipe = buildRecipe({ learner: 'trees', parameters: { trees: 30 } });
    const fractions: number[] = [];
    const model = await learners.train(table, recipe, { onProgress: (r) => void fractions.push(r.fraction) });
    expect(model).toEqual(trainModel(table, recipe));
    expect(fractions.at(-1)).toBe(1);
  });

  test('made again from recipe and rows, the folder is the same', async () => {
    const source = await write(rowsSql);
    const recipe = buildRecipe({ ...wanted, parameters: { lambda: 0.5 } });
    const [once, again] = [await learners.retrain(recipe, source), await learners.retrain(recipe, source)];
    expect(again).toEqual(once);
    expect([...once.keys()]).toContain('MLmodel');
  });

  test('what a learner refuses has the training set and a remedy in it', async () => {
    const source = await write('select i as t, i * 1.0 as x, i * 2.0 as z, i * 1.0 as y from range(30) t(i)');
    const recipe = buildRecipe({
      ...{ features: ['x', 'z'], target: 'y', timeColumn: 't', parameters: { lambda: 0 } },
    });
    await expect(learners.retrain(recipe, source)).rejects.toMatchObject({
      code: 'trainingRefused',
      message: expect.stringMatching(/from prices@1: Column 'z' is a linear combination.*raise 'lambda'/),
    });
  });

  test('an abort ends the thread in the middle of a fit', async () => {
    const stop = new AbortController();
    const recipe = buildRecipe({ learner: 'trees', parameters: { trees: 5000, depth: 6, minLeaf: 1 } });
    const fitting = learners.train(buildTable(20_000), recipe, {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('cancelled')),
    });
    await expect(fitting).rejects.toMatchObject({ code: 'computeCancelled' });
  });

  test('parameters are completed, and unknown ones named', () => {
    expect(learners.completeParameters('ridge', {})).toEqual({ lambda: 1 });
    expect(() => learners.completeParameters('trees', { leaves: 3 })).toThrow(
      "The learner 'trees' cannot start: Unknown parameter 'leaves'; use one of: trees, depth",
    );
  });
});
