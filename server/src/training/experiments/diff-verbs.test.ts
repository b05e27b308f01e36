import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../../base/caller.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestExperiments, type TestExperiments } from '../../testing/experiments.ts';

describeEachDatabase('the difference of two runs', (open) => {
  let own: TestExperiments;
  const caller: Caller = { actor: 'user:tester', role: 'admin', workspace: 'default' };

  beforeAll(async () => {
    own = await createTestExperiments(await open());
  });
  afterAll(() => own.close());

  interface Given {
    parameters?: Record<string, string>;
    metrics?: Record<string, number>;
    tags?: Record<string, string>;
    inputs?: readonly [name: string, digest: string, context: string][];
    files?: Record<string, string>;
  }
  async function newRun({ parameters, metrics = {}, tags, inputs = [], files = {} }: Given): Promise<string> {
    const { id } = await own.experiments.createRun({ experimentId: '0' }, caller);
    const toList = (texts = {}) => Object.entries<string>(texts).map(([key, value]) => ({ key, value }));
    const points = Object.entries(metrics).map(([key, value]) => ({ key, value, step: 0, timestamp: 1 }));
    await own.experiments.log(
      id,
      { parameters: toList(parameters), metrics: points, tags: toList(tags) },
      caller.workspace,
    );
    const datasets = inputs.map(([name, digest, context]) => ({
      name,
      digest,
      sourceType: 'local',
      source: `s-${digest}`,
      schema: null,
      profile: null,
      tags: [{ key: 'mlflow.data.context', value: context }],
    }));
    await own.experiments.logInputs(id, datasets, caller.workspace);
    for (const [path, text] of Object.entries(files))
      await own.experiments.putArtifact({ id, path, content: Buffer.from(text) }, caller);
    return id;
  }

  test('says what differs, counts what is equal, passes over what clients write about themselves', async () => {
    const a = await newRun({
      parameters: { alpha: '0.5', depth: '3', only: 'a' },
      metrics: { mae: 2, same: 1, nan: Number.NaN, only: Number.NaN },
      tags: {
        team: 'blue',
        'mlflow.user': 'x',
        'mlflow.source.git.commit': 'c1',
        'mlflow.source.name': 't.py',
      },
      inputs: [
        ['prices', 'd1', 'training'],
        ['days', 'd9', 'training'],
      ],
      files: {
        'model/requirements.txt': 'numpy==1\nscipy==1\n',
        'model/python_env.yaml': 'python: 3.11.2\n',
      },
    });
    const b = await newRun({
      parameters: { alpha: '0.7', depth: '3' },
      metrics: { mae: 1.5, same: 1, nan: Number.NaN, extra: 4 },
      tags: {
        team: 'blue',
        'mlflow.user': 'y',
        'mlflow.source.git.commit': 'c2',
        'mlflow.source.name': 't.py',
      },
      inputs: [
        ['prices', 'd2', 'training'],
        ['days', 'd9', 'training'],
        ['new', 'd3', 'eval'],
      ],
      files: { 'm/requirements.txt': 'numpy==2\nscipy==1\n' },
    });
    const diff = await own.experiments.diffRuns({ a, b }, caller);
    expect([diff.a.id, diff.b.id]).toEqual([a, b]);
    expect(diff.parameters).toEqual({
      entries: [
        { key: 'alpha', a: '0.5', b: '0.7' },
        { key: 'only', a: 'a', b: null },
      ],
      equal: 1,
    });
    expect(diff.metrics).toEqual({
      entries: [
        { key: 'extra', a: null, b: 4, difference: null },
        { key: 'mae', a: 2, b: 1.5, difference: -0.5 },
        { key: 'only', a: null, b: null, difference: null },
      ],
      equal: 2,
    });
    expect(diff.tags).toEqual({ entries: [], equal: 1 });
    expect(diff.code).toEqual({ entries: [{ key: 'commit', a: 'c1', b: 'c2' }], equal: 1 });
    expect(diff.packages).toEqual({
      entries: [
        { key: 'numpy', a: '==1', b: '==2' },
        { key: 'python', a: '==3.11.2', b: null },
      ],
      equal: 1,
    });
    expect(diff.data.equal).toBe(1);
    expect(diff.data.entries).toMatchObject([
      { name: 'prices', a: { digest: 'd1', source: 's-d1' }, b: { digest: 'd2' } },
      { name: 'new', a: null, b: { digest: 'd3', context: 'eval' } },
    ]);
    const full = await own.experiments.diffRuns({ a, b, all: true }, caller);
    expect(full.parameters.entries).toHaveLength(3);
    expect(full.data.entries).toHaveLength(3);
    expect(full.data.equal).toBe(1);
  });

  test('of a run with itself there is none', async () => {
    const a = await newRun({ parameters: { p: '1' }, inputs: [['prices', 'd1', '']] });
    const { parameters, data, code } = await own.experiments.diffRuns({ a, b: a }, caller);
    expect([parameters, data, code]).toEqual([
      { entries: [], equal: 1 },
      { entries: [], equal: 1 },
      { entries: [], equal: 0 },
    ]);
  });

  test('packages of logged models that a run made count as its own', async () => {
    const withModel = async (requirements: string) => {
      const run = await newRun({});
      const { id } = await own.experiments.startLoggedModel({ experimentId: '0', name: 'm' }, caller);
      await own.experiments.logOutputs(run, [{ modelId: id }], caller.workspace);
      const content = Buffer.from(requirements);
      await own.experiments.putArtifact({ id, path: 'requirements.txt', content }, caller);
      return run;
    };
    const [a, b] = [await withModel('numpy==1\n'), await withModel('numpy==2\n')];
    const { packages } = await own.experiments.diffRuns({ a, b }, caller);
    expect(packages).toEqual({ entries: [{ key: 'numpy', a: '==1', b: '==2' }], equal: 0 });
  });

  test('a list of packages too long to be one is not read', async () => {
    const long = 'x==1\n'.repeat(60_000);
    const a = await newRun({ files: { 'model/requirements.txt': long } });
    const { packages } = await own.experiments.diffRuns({ a, b: a }, caller);
    expect(packages.equal).toBe(0);
  });

  test('a run that is not there is named', async () => {
    const a = await newRun({});
    const asked = own.experiments.diffRuns({ a, b: 'f'.repeat(32) }, caller);
    await expect(asked).rejects.toMatchObject({ code: 'runNotFound', details: { run: 'f'.repeat(32) } });
  });
});
