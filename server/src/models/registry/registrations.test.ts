import { afterEach, expect, test } from 'vitest';
import { errors } from '../../base/errors.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestRegistry, type TestRegistry } from '../../testing/registry.ts';

const caller = { actor: 'user:tester', role: 'admin', workspace: 'default' } as const;
const mlmodel = 'flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n';

describeEachDatabase('what training left, registered', (open) => {
  let own: TestRegistry;
  const told: string[] = [];
  let runOfTrial = '';
  afterEach(() => own.close());

  async function prepare(): Promise<string> {
    told.length = 0;
    own = await createTestRegistry(await open(), null, {
      async findModel({ id, trial = 4 }) {
        if (id !== 'sweep_1') throw errors.sweepNotFound({ id });
        return { trial, runId: runOfTrial, reason: `Trial ${trial}, the best` };
      },
      recordModel: async (_tx, id, reference) => void told.push(`${id} ${reference}`),
    });
    const { id } = await own.experiments.createRun({ experimentId: '0' }, caller);
    runOfTrial = id;
    return id;
  }

  async function log(runId: string, name: string, text = 'bytes', status: 'READY' | 'FAILED' = 'READY') {
    const { experiments } = own;
    const { id } = await experiments.startLoggedModel(
      { experimentId: '0', name, sourceRunId: runId },
      caller,
    );
    for (const [path, content] of Object.entries({ MLmodel: mlmodel, 'model.pkl': text }))
      await experiments.putArtifact({ id, path, content: Buffer.from(content) }, caller);
    await experiments.finalizeLoggedModel(id, status, caller);
    return id;
  }

  test("a run's model as MLflow 3 logs it, by its name, the newest; the only one needs none", async () => {
    const runId = await prepare();
    const { registry } = own;
    const forest = await log(runId, 'forest');
    const only = await registry.register({ name: 'm', runId }, caller);
    expect(only).toMatchObject({ version: 1, runId, loggedModel: forest, source: `models:/${forest}` });
    expect(only.files.map(({ path }) => path)).toEqual(['MLmodel', 'model.pkl']);
    await log(runId, 'trees');
    await expect(registry.register({ name: 'm', runId }, caller)).rejects.toMatchObject({
      code: 'modelFolderMissing',
      message: expect.stringContaining("its logged models are called 'trees', 'forest'"),
    });
    await log(runId, 'model', 'broken', 'FAILED');
    const newest = await log(runId, 'forest', 'better');
    expect(await registry.register({ name: 'm', runId, path: 'forest' }, caller)).toMatchObject({
      version: 2,
      loggedModel: newest,
    });
    expect((await registry.register({ name: 'm', runId, path: 'forest' }, caller)).version).toBe(2);
    const { registrations } = await own.experiments.getLoggedModel({ id: newest }, caller);
    expect(registrations).toEqual([{ name: 'm', version: '2' }]);
    await own.experiments.putArtifact(
      { id: runId, path: 'model/MLmodel', content: Buffer.from(mlmodel) },
      caller,
    );
    expect(await registry.register({ name: 'm', runId }, caller)).toMatchObject({
      version: 3,
      loggedModel: null,
    });
  });

  test("a sweep's trial, with why it is this one, and the sweep is told", async () => {
    const runId = await prepare();
    const { registry } = own;
    await expect(registry.registerTrial({ id: 'sweep_1', name: 't' }, caller)).rejects.toMatchObject({
      code: 'trialModelMissing',
      message: expect.stringContaining(
        `Trial 4 of 'sweep_1' left no model in its run ${runId}: there are no files`,
      ),
    });
    const logged = await log(runId, 'model');
    const version = await registry.registerTrial({ id: 'sweep_1', name: 't' }, caller);
    expect(version).toMatchObject({
      ...{ reference: 't@1', description: 'Trial 4, the best', loggedModel: logged },
      tags: { 'tidemill.sweep': 'sweep_1', 'tidemill.trial': '4' },
    });
    const { upstream } = await own.lineage.lineage({ uri: version.uri }, caller);
    expect(upstream.map(({ from }) => from)).toEqual(
      expect.arrayContaining(['sweep:sweep_1', `run:${runId}`, `logged-model:${logged}`]),
    );
    const again = await registry.registerTrial(
      { id: 'sweep_1', name: 't', trial: 4, description: 'x' },
      caller,
    );
    expect(again).toEqual(version);
    expect(told).toEqual(['sweep_1 t@1', 'sweep_1 t@1']);
    await expect(registry.registerTrial({ id: 'other', name: 't' }, caller)).rejects.toMatchObject({
      code: 'sweepNotFound',
    });
  });
});
