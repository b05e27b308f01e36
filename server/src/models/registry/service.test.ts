import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Run } from '@tidemill/contract';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { createAudit, createChanges } from '../../access/audit/service.ts';
import { createLineage } from '../../access/lineage/service.ts';
import { openFilesystemBlobs } from '../../adapters/blobs/filesystem.ts';
import { type Db, transact } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { systemClock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { createLogger } from '../../base/logger.ts';
import { createEvents } from '../../platform/events/service.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { noDatasets, noSweeps } from '../../testing/registry.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { buildMlflowModel, parseMLmodel } from '../../training/learners/mlflow-model.ts';
import type { ModelFile } from './rules.ts';
import { createRegistry } from './service.ts';

let lastWorkspace = 0;
const runId = (n: number): string => n.toString(16).padStart(32, '0');

/** A registry in a workspace of its own; runs are what the test says they are. */
async function openRegistry(db: Db) {
  lastWorkspace += 1;
  const caller: Caller = { actor: 'user:anna', role: 'admin', workspace: `w${lastWorkspace}` };
  const logger = createLogger('silent');
  const blobs = await openFilesystemBlobs({ root: join(await tempDir(), 'blobs') });
  const events = createEvents({ db, clock: systemClock, logger });
  const changes = createChanges({ db, clock: systemClock, events });
  const lineage = createLineage({ db, clock: systemClock });
  const runs = new Map<string, ModelFile[]>();
  const registry = createRegistry({
    db,
    blobs,
    changes,
    lineage,
    events,
    clock: systemClock,
    logger,
    parseMLmodel,
    renamed: async () => undefined,
    assertMayEnter: async () => undefined,
    sweeps: noSweeps,
    datasets: noDatasets,
    rangesOf: async () => ({}),
    experiments: {
      getRun: async ({ id }) => {
        if (!runs.has(id)) throw errors.runNotFound({ run: id });
        return { id, metrics: { mae: 1.5, broken: null }, inputs: [] } as unknown as Run;
      },
      artifactRoot: 'mlflow-artifacts:/',
      artifactPaths: async (id, folder) =>
        (runs.get(id) ?? []).map(({ path }) => path).filter((path) => path.startsWith(folder)),
      findArtifactFile: async (id, path) => runs.get(id)?.find((file) => file.path === path) ?? null,
      artifactFiles: async (id, folder) =>
        (runs.get(id) ?? []).filter((file) => folder === '' || file.path.startsWith(`${folder}/`)),
      searchLoggedModels: async () => ({ items: [], nextCursor: null }),
      getLoggedModel: async ({ id }) => {
        throw errors.loggedModelNotFound({ model: id });
      },
      recordRegistration: async () => undefined,
    },
  });

  async function addRun(id: string, files: Record<string, Uint8Array | string>, folder = 'model') {
    const stored: ModelFile[] = [];
    for (const [path, content] of Object.entries(files)) {
      const blob = await blobs.put(typeof content === 'string' ? Buffer.from(content) : content);
      stored.push({ path: join(folder, path), ...blob });
    }
    runs.set(id, [...(runs.get(id) ?? []), ...stored]);
  }
  async function addModelRun(id: string, onnx = 'onnx bytes', folder = 'model') {
    await addRun(id, modelFiles(id, onnx), folder);
    await addRun(id, { 'recipe.json': JSON.stringify({ ...recipe, runId: id }) }, '');
  }

  return {
    registry,
    caller,
    addRun,
    addModelRun,
    events,
    changes,
    lineage,
    audit: createAudit({ db, clock: systemClock, logger }),
  };
}

const recipe = { learner: 'ridge', trainingSet: { reference: 'training@2', digest: 'd' } };

function modelFiles(id: string, onnx: string): Record<string, Uint8Array | string> {
  const folder = buildMlflowModel({
    onnx: Buffer.from(onnx),
    example: { names: ['close', 'lag'], rows: 1, columns: [Float64Array.of(1), Float64Array.of(2)] },
    trainingRange: [{ name: 'close', min: -1, max: 9.5 }],
    runId: id,
    modelUuid: 'u',
    createdAt: new Date(0),
  });
  return Object.fromEntries(folder);
}

describeEachDatabase('registry', (open) => {
  test('a version says what its folder holds and where it came from', async () => {
    const { registry, caller, addModelRun, lineage } = await openRegistry((await open()).db);
    await addModelRun(runId(1));
    const version = await registry.register(
      { name: 'forecaster', runId: runId(1), description: 'first' },
      caller,
    );
    expect(version).toMatchObject({
      reference: 'forecaster@1',
      uri: 'model:forecaster@1',
      inputs: [
        { name: 'close', type: 'double' },
        { name: 'lag', type: 'double' },
      ],
      flavors: ['onnx', 'python_function'],
      trainingRange: { close: { minimum: -1, maximum: 9.5 } },
      runId: runId(1),
      trainingSet: 'dataset:training@2',
      recipe: { ...recipe, runId: runId(1) },
      metrics: { mae: 1.5, broken: null },
      approval: 'none',
      aliases: [],
      description: 'first',
      createdBy: 'user:anna',
    });
    expect(version.files.map((file) => file.path)).toContain('MLmodel');
    const { upstream } = await lineage.lineage({ uri: version.uri }, caller);
    expect(upstream.map((edge) => `${edge.from} -> ${edge.to}`)).toEqual([
      `run:${runId(1)} -> model:forecaster@1`,
      `dataset:training@2 -> run:${runId(1)}`,
    ]);
    const node = await lineage.findNode(caller.workspace, version.uri);
    expect(node?.digest).toBe(version.digest);
  });

  test('a training set that was deleted meanwhile does not cost the model; one that is there stays', async () => {
    const { db } = await open();
    const { registry, caller, addModelRun, lineage } = await openRegistry(db);
    const { workspace } = caller;
    const uri = 'dataset:training@2';
    const node = { workspace, uri, kind: 'dataset', digest: 'd', location: null };
    await transact(db, async (tx) => {
      await lineage.recordNode(tx, node);
      await lineage.deleteNodes(tx, workspace, [uri]);
    });
    await addModelRun(runId(1));
    const orphan = await registry.register({ name: 'm', runId: runId(1) }, caller);
    expect(orphan.trainingSet).toBe(uri);
    await transact(db, (tx) => lineage.assertUnheld(tx, workspace, uri));
    await transact(db, (tx) => lineage.recordNode(tx, node));
    await addModelRun(runId(2));
    const { uri: user } = await registry.register({ name: 'm', runId: runId(2) }, caller);
    const removed = transact(db, (tx) => lineage.assertUnheld(tx, workspace, uri));
    await expect(removed).rejects.toMatchObject({ code: 'inUse', details: { users: user } });
  });

  test('registering twice gives the same version, also at the same time; another folder gives another', async () => {
    const { registry, caller, addModelRun } = await openRegistry((await open()).db);
    await addModelRun(runId(1));
    await addModelRun(runId(1), 'other bytes', 'second');
    await addModelRun(runId(2));
    const both = await Promise.all(
      [1, 2, 3].map(() => registry.register({ name: 'm', runId: runId(1) }, caller)),
    );
    expect(both.map((version) => version.version)).toEqual([1, 1, 1]);
    const second = await registry.register({ name: 'm', runId: runId(1), path: 'second' }, caller);
    expect(second.version).toBe(2);
    const other = await registry.register({ name: 'm', runId: runId(2) }, caller);
    expect(other.version).toBe(3);
    expect(await registry.listByRun(runId(1), caller.workspace)).toEqual(['m@1', 'm@2']);
    expect([second.recipe, other.recipe]).toEqual([null, { ...recipe, runId: runId(2) }]);
    const page = await registry.listVersions({ name: 'm', limit: 2 }, caller);
    expect(page.items.map((version) => version.version)).toEqual([3, 2]);
    const rest = await registry.listVersions({ name: 'm', cursor: page.nextCursor ?? '' }, caller);
    expect(rest.items.map((version) => version.version)).toEqual([1]);
  });

  test('a run without a usable model folder is refused by name', async () => {
    const { registry, caller, addRun } = await openRegistry((await open()).db);
    await addRun(runId(1), { 'notes.txt': 'x' });
    await addRun(runId(2), { MLmodel: '!!python/object:os.system {}' });
    const register = (n: number) => registry.register({ name: 'm', runId: runId(n) }, caller);
    await expect(register(1)).rejects.toThrow(/no model folder at 'model': none of its 1 files/);
    await expect(register(2)).rejects.toMatchObject({ code: 'modelFolderInvalid' });
    await expect(register(4)).rejects.toMatchObject({ code: 'runNotFound' });
    await expect(registry.get({ name: 'm' }, caller)).rejects.toMatchObject({ code: 'modelNotFound' });
  });

  test("a recipe.json of the user's own is no recipe", async () => {
    const { registry, caller, addRun } = await openRegistry((await open()).db);
    for (const [n, text] of ['{', '[1]', '{"sugar": 2}', JSON.stringify({ runId: runId(99) })].entries()) {
      await addRun(runId(n), modelFiles(runId(n), `model ${n}`));
      await addRun(runId(n), { 'recipe.json': text }, '');
      expect((await registry.register({ name: 'm', runId: runId(n) }, caller)).recipe).toBeNull();
    }
  });

  test('a file of the version is read, and nothing beside it', async () => {
    const { registry, caller, addModelRun } = await openRegistry((await open()).db);
    await addModelRun(runId(1));
    await registry.register({ name: 'm', runId: runId(1) }, caller);
    const file = await registry.getFile({ name: 'm', version: 'latest', path: 'model.onnx' }, caller);
    expect((await buffer(Readable.from(file.content))).toString()).toBe('onnx bytes');
    const version = await registry.resolve('model:m@1', caller.workspace);
    expect(Buffer.from(await registry.readFile(version, 'model.onnx')).toString()).toBe('onnx bytes');
    expect(file.etag).toBe((await registry.onnxFile(version)).sha256);
    for (const path of ['../secret', '/etc/passwd', 'model/../MLmodel', '']) {
      await expect(registry.getFile({ name: 'm', version: '1', path }, caller)).rejects.toMatchObject({
        code: 'modelFileNotFound',
      });
    }
  });

  test('number before latest before alias, whatever they are called', async () => {
    const { registry, caller, addModelRun } = await openRegistry((await open()).db);
    for (const n of [1, 2, 3]) {
      await addModelRun(runId(n));
      await registry.register({ name: 'm', runId: runId(n) }, caller);
    }
    const alias = fc.oneof(
      fc.constantFrom('1', '2', '7', 'latest', 'v1', 'champion', 'last', '1a', 'v1a'),
      fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/),
    );
    const check = fc.asyncProperty(alias, fc.integer({ min: 1, max: 3 }), async (name, version) => {
      const reserved = /^v?\d+$/.test(name) || name === 'latest';
      const set = registry.setAlias({ name: 'm', alias: name, version }, caller);
      if (reserved) await expect(set).rejects.toMatchObject({ code: 'aliasReserved' });
      else {
        await set;
        expect((await registry.resolve(`m@${name}`, caller.workspace)).version).toBe(version);
      }
      expect((await registry.resolve(`m@${version}`, caller.workspace)).version).toBe(version);
      expect((await registry.resolve('m@latest', caller.workspace)).version).toBe(3);
      expect((await registry.resolve('m', caller.workspace)).version).toBe(3);
    });
    await fc.assert(check, { numRuns: 25 });
    const resolve = (reference: string) => registry.resolve(reference, caller.workspace);
    await expect(resolve('m@4')).rejects.toThrow(/It has versions up to 3/);
    await expect(resolve('m@0')).rejects.toMatchObject({ code: 'modelVersionNotFound' });
    await expect(resolve('m@nobody')).rejects.toThrow(/Its aliases are/);
    await expect(resolve('dataset:m@1')).rejects.toMatchObject({ code: 'referenceInvalid' });
    await expect(registry.resolve('m@1', 'elsewhere')).rejects.toMatchObject({ code: 'modelNotFound' });
  });

  test('a bound alias moves by promotion only', async () => {
    const { db } = await open();
    const { registry, caller, addModelRun } = await openRegistry(db);
    for (const n of [1, 2]) {
      await addModelRun(runId(n));
      await registry.register({ name: 'm', runId: runId(n) }, caller);
    }
    const bind = (endpoint: string) =>
      transact(db, (tx) => registry.bindAlias(tx, caller.workspace, 'm', 'champion', endpoint));
    await registry.setAlias({ name: 'm', alias: 'champion', version: 1 }, caller);
    await bind('endpoint:forecast');
    await bind('endpoint:forecast');
    await expect(bind('endpoint:other')).rejects.toMatchObject({ code: 'aliasBound' });
    await expect(
      registry.setAlias({ name: 'm', alias: 'champion', version: 2 }, caller),
    ).rejects.toMatchObject({
      code: 'aliasBound',
      status: 409,
      message: expect.stringMatching(/follows endpoint:forecast.*POST \/api\/v1\/rollouts/),
    });
    await expect(registry.deleteAlias({ name: 'm', alias: 'champion' }, caller)).rejects.toMatchObject({
      code: 'aliasBound',
    });
    const moved = await transact(db, (tx) =>
      registry.setAliasIn(tx, caller.workspace, 'm', 'champion', 2, caller),
    );
    expect(moved).toEqual({ previous: 1 });
    expect((await registry.get({ name: 'm' }, caller)).aliases).toEqual({ champion: 2 });
    expect((await registry.resolve('m@2', caller.workspace)).aliases).toEqual(['champion']);
    await transact(db, (tx) => registry.unbindAliases(tx, caller.workspace, 'endpoint:forecast'));
    await registry.deleteAlias({ name: 'm', alias: 'champion' }, caller);
    expect((await registry.get({ name: 'm' }, caller)).aliases).toEqual({});
  });

  test('a finished run registers itself once; one that cannot holds up nobody', async () => {
    const { db } = await open();
    const { registry, caller, addRun, addModelRun, events, audit } = await openRegistry(db);
    await addRun(runId(1), { 'notes.txt': 'no model here' });
    await addModelRun(runId(2));
    await events.start();
    const tell = (kind: string, id: string, register: string | null, state = 'succeeded') =>
      transact(db, (tx) =>
        events.emit(tx, {
          workspace: caller.workspace,
          kind,
          subject: 'job:j',
          actor: 'user:carl',
          payload: { id: 'j', state, runId: id, register, recipe },
        }),
      );
    await tell('job.finished', runId(1), 'm');
    await tell('job.finished', runId(2), null);
    await tell('job.finished', runId(2), 'failed', 'failed');
    await tell('sweep.finished', runId(2), 'm');
    await tell('sweep.finished', runId(2), 'm');
    await vi.waitFor(async () => expect((await registry.get({ name: 'm' }, caller)).latestVersion).toBe(1), {
      timeout: 20_000,
    });
    await events.stop();
    const version = await registry.resolve('m@1', caller.workspace);
    expect(version).toMatchObject({ runId: runId(2), createdBy: 'user:carl' });
    const entries = (await audit.list({}, caller)).items.map((entry) => entry.action);
    expect(entries).toEqual(['model.registered', 'model.created', 'model.registrationRefused']);
    expect((await registry.list({}, caller)).items.map((model) => model.name)).toEqual(['m']);
  });
});
