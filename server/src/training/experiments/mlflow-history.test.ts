import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestMlflowDoor, type TestMlflowDoor } from '../../testing/mlflow-door.ts';

describeEachDatabase("MLflow's histories of many runs", (open) => {
  let door: TestMlflowDoor;

  beforeAll(async () => {
    door = await createTestMlflowDoor(await open());
  });
  afterAll(() => door.close());

  const newRun = async (values: readonly (number | string)[]) => {
    const run_id = await door.newRun();
    const metrics = values.map((value, step) => ({ key: 'm', value, step, timestamp: 1000 + step }));
    for (let first = 0; first < metrics.length; first += 1000)
      await door.post('runs/log-batch', { run_id, metrics: metrics.slice(first, first + 1000) });
    return run_id;
  };
  const interval = 'metrics/get-history-bulk-interval';
  const bulk = 'metrics/get-history-bulk';

  test('the interval thins each run, and keeps its ends and its spike', async () => {
    const values = Array.from({ length: 1500 }, (_, step) => (step === 777 ? 1000 : step / 1500));
    const [long, short] = [await newRun(values), await newRun([1, 'NaN', 3])];
    const url = `${interval}?run_ids=${long}&run_ids=${short}&metric_key=m&max_results=50`;
    const { status, metrics } = await door.get(url);
    expect(status).toBe(200);
    const found = metrics as {
      run_id: string;
      step: number;
      value: unknown;
      key: string;
      timestamp: number;
    }[];
    const ofLong = found.filter(({ run_id }) => run_id === long);
    expect(ofLong.length).toBeLessThanOrEqual(50);
    expect(ofLong.length).toBeGreaterThan(30);
    expect([ofLong[0]?.step, ofLong.at(-1)?.step]).toEqual([0, 1499]);
    expect(ofLong.find(({ value }) => value === 1000)?.step).toBe(777);
    expect(found.filter(({ run_id }) => run_id === short)).toEqual([
      { key: 'm', run_id: short, step: 0, timestamp: 1000, value: 1 },
      { key: 'm', run_id: short, step: 1, timestamp: 1001, value: 'NaN' },
      { key: 'm', run_id: short, step: 2, timestamp: 1002, value: 3 },
    ]);
    const part = await door.get(`${interval}?run_ids=${long}&metric_key=m&start_step=10&end_step=12`);
    expect((part.metrics as { step: number }[]).map(({ step }) => step)).toEqual([10, 11, 12]);
    expect(await door.get(`${interval}?run_ids=${'a'.repeat(32)}&metric_key=m`)).toEqual({ status: 200 });
  });

  test('the bulk gives one run after the other, as many points as asked for', async () => {
    const [a, b] = [await newRun([1, 2, 3]), await newRun([4, 5])];
    const url = `/ajax-api/2.0/mlflow/${bulk}?run_id=${b}&run_id=${a}&run_id=${'f'.repeat(32)}&metric_key=m`;
    const read = async (more = '') =>
      ((await door.get(url + more)).metrics as { run_id: string; value: number }[]).map(
        ({ run_id, value }) => [run_id === a ? 'a' : 'b', value],
      );
    expect(await read()).toEqual([
      ['b', 4],
      ['b', 5],
      ['a', 1],
      ['a', 2],
      ['a', 3],
    ]);
    expect(await read('&max_results=3')).toEqual([
      ['b', 4],
      ['b', 5],
      ['a', 1],
    ]);
  });

  test.each([
    [`${interval}?metric_key=m`, 'run_ids'],
    [`${interval}?${'run_ids=a1&'.repeat(101)}metric_key=m`, 'run_ids'],
    [`${interval}?run_ids=a1`, 'metric_key'],
    [`${interval}?run_ids=a1&metric_key=m&start_step=1`, 'start_step'],
    [`${interval}?run_ids=a1&metric_key=m&end_step=1`, 'start_step'],
    [`${interval}?run_ids=a1&metric_key=m&start_step=3&end_step=1`, 'end_step'],
    [`${interval}?run_ids=a1&metric_key=m&max_results=0`, 'max_results'],
    [`${interval}?run_ids=a1&metric_key=m&max_results=2501`, 'max_results'],
    [`${interval}?run_ids=../x&metric_key=m`, 'run_id'],
    [`${bulk}?run_id=a1&metric_key=m&max_results=25001`, 'max_results'],
    [`${bulk}?metric_key=m`, 'run_id'],
  ])('refuses %s', async (url, field) => {
    expect(await door.get(url)).toMatchObject({
      status: 400,
      error_code: 'INVALID_PARAMETER_VALUE',
      message: expect.stringContaining(field),
    });
  });

  test('datasets that runs of some experiments have read', async () => {
    const create = async (name: string) =>
      (await door.post('experiments/create', { name })).experiment_id as string;
    const [first, second] = [await create('one'), await create('two')];
    const read = async (experiment_id: string, name: string, context: string) => {
      const run_id = await door.newRun({ experiment_id });
      const dataset = { name, digest: 'd1', source_type: 'local', source: '{}' };
      const tags = [{ key: 'mlflow.data.context', value: context }];
      return door.post('runs/log-inputs', { run_id, datasets: [{ dataset, tags }] });
    };
    await read(first, 'prices', 'training');
    await read(first, 'prices', 'training');
    await read(first, 'prices', 'eval');
    await read(second, 'other', 'training');
    const search = (ids: readonly string[]) =>
      door.post('/ajax-api/2.0/mlflow/experiments/search-datasets', { experiment_ids: ids });
    expect(await search([first])).toEqual({
      status: 200,
      dataset_summaries: [
        { experiment_id: first, name: 'prices', digest: 'd1', context: 'eval' },
        { experiment_id: first, name: 'prices', digest: 'd1', context: 'training' },
      ],
    });
    expect((await search([first, second])).dataset_summaries).toHaveLength(3);
    for (const ids of [[], Array(21).fill('0'), ['x']])
      expect(await search(ids)).toMatchObject({ status: 400, error_code: 'INVALID_PARAMETER_VALUE' });
  });
});
