import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFilesystemFolder } from '../../adapters/artifact-folder/filesystem.ts';
import { datasetStore } from '../../data/datasets/store.ts';
import { segmentStore } from '../../serving/predictions/store.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestRegistry, type TestRegistry } from '../../testing/registry.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { jobFileStore } from '../../training/jobs/files/store.ts';
import { createGarbageCollection } from './service.ts';

const caller = { actor: 'user:tester', role: 'admin', workspace: 'default' } as const;
const all = { olderThanSeconds: 0, graceSeconds: 0 };
const mlmodel = 'flavors:\n  python_function:\n    loader_module: x\n';

/** Rows of chunks stand here without the versions that would hold them. */
const withoutChunks = {
  findUnusedChunks: async () => new Set<string>(),
  removeUnusedChunks: async () => new Set<string>(),
};

describeEachDatabase('garbage in a folder of artifacts', (open) => {
  let temp: Awaited<ReturnType<typeof createTempDir>>;
  let root: string;
  let uri: string;
  let own: TestRegistry;
  let garbage: ReturnType<typeof createGarbageCollection>;
  beforeAll(async () => {
    temp = await createTempDir();
    root = join(temp.path, 'art');
    const folder = await openFilesystemFolder(root);
    uri = folder.uri;
    own = await createTestRegistry(await open(), folder);
    garbage = createGarbageCollection({
      ...own,
      datasets: { ...datasetStore(own.db), ...withoutChunks },
      profiling: { removeUnused: async () => undefined },
      predictions: segmentStore(own.db),
      jobs: jobFileStore(own.db),
    });
  });
  afterAll(async () => {
    await own.close();
    await temp.remove();
  });

  const newExperiment = async (name: string) => (await own.experiments.createExperiment({ name }, caller)).id;
  const newRun = async (experimentId: string) =>
    (await own.experiments.createRun({ experimentId }, caller)).id;
  async function write(path: string, content = 'x'): Promise<void> {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), content);
  }

  test('the folders of what is removed are named first, then go; others stay', async () => {
    const experiment = await newExperiment('passing');
    const run = await newRun(experiment);
    const start = { experimentId: experiment, name: 'm' };
    const model = await own.experiments.startLoggedModel(start, caller);
    const living = await newRun('0');
    for (const path of [`${experiment}/${run}`, `${experiment}/models/${model.id}`, `0/${living}`])
      await write(`${path}/artifacts/deep/x`);
    await own.experiments.deleteExperiment(experiment, caller);

    const dry = await garbage.collect(all, caller);
    expect(dry.removed.map(({ folder }) => folder).sort()).toEqual([
      `${uri}/${experiment}`,
      `${uri}/${experiment}/${run}`,
      `${uri}/${experiment}/models/${model.id}`,
    ]);
    expect(await readdir(join(root, experiment))).toHaveLength(2);
    expect(await garbage.collect({ ...all, apply: true }, caller)).toEqual({ ...dry, applied: true });
    expect(await readdir(root)).toEqual(['0']);
    expect(await readdir(join(root, '0'))).toEqual([living]);
  });

  test('a link in the place of a folder, and what others laid beside it, stays', async () => {
    const experiment = await newExperiment('linked');
    const run = await newRun(experiment);
    const second = await newRun(experiment);
    await write(`${experiment}/notes.txt`);
    await write(`${experiment}/${second}/artifacts/x`);
    await mkdir(join(temp.path, 'outside'));
    await writeFile(join(temp.path, 'outside', 'x'), 'x');
    await symlink(join(temp.path, 'outside'), join(root, experiment, run));
    await own.experiments.deleteExperiment(experiment, caller);
    const done = await garbage.collect({ ...all, apply: true }, caller);
    expect(done).toMatchObject({ runs: 2, experiments: 1, next: null });
    expect(await readdir(join(temp.path, 'outside'))).toEqual(['x']);
    expect((await readdir(join(root, experiment))).sort()).toEqual([run, 'notes.txt'].sort());
  });

  test('a version made of such files has them as blobs: it keeps them when they change or go', async () => {
    const experiment = await newExperiment('registered');
    const run = await newRun(experiment);
    const place = `${experiment}/${run}/artifacts`;
    await write(`${place}/model/MLmodel`, mlmodel);
    await write(`${place}/model/data/weights`, 'first');
    await write(`${place}/unrelated`, 'is not read');
    await own.registry.models.create({ name: 'kept' }, caller);
    const sources = [`runs:/${run}/model`, `${uri}/${place}/model`];
    for (const source of sources) {
      const version = await own.registry.versions.createVersion({ name: 'kept', source, tags: [] }, caller);
      expect(version).toMatchObject({ runId: run, location: `${uri}/${place}/model` });
    }
    await write(`${place}/model/data/weights`, 'changed');
    const version = await own.registry.getVersion({ name: 'kept', version: '2' }, caller);
    expect(version.files.map(({ path }) => path)).toEqual(['MLmodel', 'data/weights']);
    const weights = version.files[1]?.sha256 ?? '';
    expect(Buffer.from(await own.blobs.read(weights)).toString()).toBe('first');
    const blobs: string[] = [];
    for await (const id of own.blobs.list()) blobs.push(id);
    expect(blobs.sort()).toEqual(version.files.map(({ sha256 }) => sha256).sort());

    const model = await own.experiments.startLoggedModel({ experimentId: experiment, name: 'm' }, caller);
    await write(`${experiment}/models/${model.id}/artifacts/MLmodel`, mlmodel);
    for (const source of [`models:/${model.id}`, `${uri}/${experiment}/models/${model.id}/artifacts`])
      expect(
        await own.registry.versions.createVersion({ name: 'kept', source, tags: [] }, caller),
      ).toMatchObject({ loggedModel: model.id });
    await own.experiments.deleteExperiment(experiment, caller);
    const done = await garbage.collect({ ...all, apply: true }, caller);
    expect(done.kept.map(({ id }) => id).sort()).toEqual([run, model.id].sort());
    expect(await own.blobs.stat(weights)).not.toBeNull();
  });

  test('no source names the files of another, of nobody, or behind a link', async () => {
    const run = await newRun('0');
    const other = await newRun(await newExperiment('other'));
    const place = `0/${run}/artifacts`;
    await write(`${place}/model/MLmodel`, mlmodel);
    await symlink('/etc/hostname', join(root, place, 'model', 'link'));
    await own.registry.models.create({ name: 'refused' }, caller);
    for (const source of [
      'file:///etc',
      `${uri}/0/${other}/artifacts/model`,
      `${uri}/0/${'f'.repeat(32)}/artifacts/model`,
      `${uri}/0/${run}`,
      `${uri}/${place}/../../x`,
      `runs:/${run}/model`,
    ])
      await expect(
        own.registry.versions.createVersion({ name: 'refused', source, tags: [] }, caller),
      ).rejects.toMatchObject({
        code: expect.stringMatching(/^(modelSource|artifactPath)Invalid$|runNotFound/),
      });
    expect((await own.registry.models.getStored('refused', 'default')).latestVersion).toBe(0);
  });
});
