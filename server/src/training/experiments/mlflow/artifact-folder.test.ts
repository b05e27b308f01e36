import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFilesystemFolder } from '../../../adapters/artifact-folder/filesystem.ts';
import type { DatabaseHandle } from '../../../adapters/db/db.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';
import { createTestMlflowDoor, type TestMlflowDoor } from '../../../testing/mlflow-door.ts';
import { createTempDir } from '../../../testing/temp-dir.ts';

const caller = { actor: 'user:tester', role: 'admin', workspace: 'default' } as const;

describeEachDatabase('artifacts in a folder', (open) => {
  let temp: Awaited<ReturnType<typeof createTempDir>>;
  let database: DatabaseHandle;
  let root: string;
  let uri: string;
  let own: TestMlflowDoor;
  let before: string;
  beforeAll(async () => {
    temp = await createTempDir();
    database = await open();
    const older = await createTestMlflowDoor(database);
    before = String((await older.post('experiments/create', { name: 'before' })).experiment_id);
    await older.close();
    root = join(temp.path, 'my files');
    const folder = await openFilesystemFolder(root);
    uri = folder.uri;
    own = await createTestMlflowDoor(database, folder);
  });
  afterAll(async () => {
    await own.close();
    await temp.remove();
  });

  const create = async (fields: object) =>
    String((await own.post('experiments/create', fields)).experiment_id);
  const inject = (
    url: string,
    method: 'GET' | 'PUT' | 'DELETE' | 'HEAD' = 'GET',
    headers = {},
    payload = '',
  ) =>
    own.http.inject({ method, url, headers: { host: 'localhost', ...headers }, ...(payload && { payload }) });
  const file = (run: string, path: string, headers = {}) =>
    inject(`/get-artifact?run_id=${run}&path=${encodeURIComponent(path)}`, 'GET', headers);
  /** As the client does, past the server. */
  async function write(place: string, path: string, content: string): Promise<void> {
    await mkdir(join(root, place, path, '..'), { recursive: true });
    await writeFile(join(root, place, path), content);
  }

  test('new experiments lie in it by their number, older ones where they were', async () => {
    const id = await create({ name: 'in the folder' });
    const { experiment } = await own.get(`experiments/get?experiment_id=${id}`);
    expect(experiment).toMatchObject({ artifact_location: `${uri}/${id}` });
    expect(uri.endsWith('/my%20files')).toBe(true);
    const { experiments } = await own.post('experiments/search', { max_results: 10 });
    const locations = (experiments as { artifact_location: string }[]).map((one) => one.artifact_location);
    expect(locations).toEqual(expect.arrayContaining([`${uri}/${id}`, `mlflow-artifacts:/${before}`]));
    const old = await own.newRun({ experiment_id: before });
    const place = `mlflow-artifacts:/${before}/${old}/artifacts`;
    expect(await own.get(`runs/get?run_id=${old}`)).toMatchObject({ run: { info: { artifact_uri: place } } });
    await own.experiments.putArtifact({ id: old, path: 'a', content: Buffer.from('blob') }, caller);
    expect((await file(old, 'a')).body).toBe('blob');
  });

  test('every reply that names artifacts of a run or model says where they are', async () => {
    const id = await create({ name: 'every reply' });
    const run = await own.newRun({ experiment_id: id });
    const place = `${uri}/${id}/${run}/artifacts`;
    const info = { artifact_uri: place };
    const updated = await own.post('runs/update', { run_id: run, status: 'FINISHED' });
    expect(updated).toMatchObject({ run_info: info });
    expect(await own.get(`runs/get?run_id=${run}`)).toMatchObject({ run: { info } });
    const ids = { experiment_ids: [id, before] };
    for (const filter of [`attributes.artifact_uri = '${place}'`, `artifact_uri LIKE '${uri}/%'`])
      expect(await own.post('runs/search', { ...ids, filter })).toMatchObject({ runs: [{ info }] });
    const other = await own.post('runs/search', {
      ...ids,
      filter: `artifact_uri LIKE 'mlflow-artifacts:/${before}/%'`,
    });
    expect(other.runs).toHaveLength(1);
    expect(await own.get(`artifacts/list?run_id=${run}`)).toMatchObject({ root_uri: place });
    const ours = await own.experiments.searchRuns({ experimentIds: [id], columns: ['tags.x'] }, caller);
    expect(ours.items[0]).toMatchObject({ artifactUri: place });
    expect(ours.items[0]).not.toHaveProperty('artifactLocation');
    const { model } = (await own.post('logged-models', { experiment_id: id, name: 'm' })) as never as {
      model: { info: { model_id: string; artifact_uri: string } };
    };
    const ofModel = `${uri}/${id}/models/${model.info.model_id}/artifacts`;
    expect(model.info.artifact_uri).toBe(ofModel);
    expect(await own.post('logged-models/search', { experiment_ids: [id] })).toMatchObject({
      models: [{ info: { artifact_uri: ofModel } }],
    });
    expect(await own.experiments.getLoggedModel({ id: model.info.model_id }, caller)).toMatchObject({
      artifactUri: ofModel,
    });
  });

  test('what a client laid there is listed and given, whole and in part', async () => {
    const id = await create({ name: 'read' });
    const run = await own.newRun({ experiment_id: id });
    await write(`${id}/${run}/artifacts`, 'sub dir/loss.txt', '0123456789');
    await write(`${id}/${run}/artifacts`, 'page.html', '<script>');
    await write(`${id}/${run}/artifacts`, 'no#door', 'x');
    expect((await own.get(`artifacts/list?run_id=${run}`)).files).toEqual([
      { path: 'page.html', is_dir: false, file_size: 8 },
      { path: 'sub dir', is_dir: true },
    ]);
    expect((await own.get(`artifacts/list?run_id=${run}&path=sub%20dir`)).files).toEqual([
      { path: 'sub dir/loss.txt', is_dir: false, file_size: 10 },
    ]);
    expect(await own.experiments.listArtifacts({ id: run, path: 'sub dir' }, caller)).toEqual({
      files: [{ path: 'sub dir/loss.txt', directory: false, size: 10, sha256: null }],
    });
    const whole = await file(run, 'sub dir/loss.txt');
    expect(whole.body).toBe('0123456789');
    expect(whole.headers).toMatchObject({ 'accept-ranges': 'bytes', 'content-length': '10' });
    const part = await file(run, 'sub dir/loss.txt', { range: 'bytes=2-4' });
    expect([part.statusCode, part.body, part.headers['content-range']]).toEqual([206, '234', 'bytes 2-4/10']);
    expect((await file(run, 'sub dir/loss.txt', { range: 'bytes=99-' })).statusCode).toBe(416);
    const etag = String(whole.headers.etag);
    expect((await file(run, 'sub dir/loss.txt', { 'if-none-match': etag })).statusCode).toBe(304);
    await write(`${id}/${run}/artifacts`, 'sub dir/loss.txt', 'changed');
    expect((await file(run, 'sub dir/loss.txt', { 'if-none-match': etag })).body).toBe('changed');
    const page = await file(run, 'page.html');
    expect(page.headers['content-disposition']).toMatch(/^attachment/);
    expect(page.headers['content-security-policy']).toContain('sandbox');
    const proxy = `/api/2.0/mlflow-artifacts/artifacts/${id}/${run}/artifacts`;
    expect((await inject(`${proxy}/page.html`)).body).toBe('<script>');
    expect((await inject(`${proxy}/page.html`, 'HEAD')).headers['content-length']).toBe('8');
  });

  test('what leads out of it, is a folder, or is not there is refused', async () => {
    const id = await create({ name: 'refused' });
    const run = await own.newRun({ experiment_id: id });
    const other = await own.newRun({ experiment_id: id });
    await write(`${id}/${other}/artifacts`, 'secret', 'of another run');
    await write(`${id}/${run}/artifacts`, 'folder/a', 'a');
    await writeFile(join(temp.path, 'secret'), 'outside');
    const links = {
      out: '../../../../secret',
      etc: '/etc',
      near: 'folder/a',
      other: `../../${other}/artifacts`,
    };
    for (const [name, target] of Object.entries(links))
      await symlink(target, join(root, id, run, 'artifacts', name));
    const statuses = async (paths: readonly string[]) =>
      Promise.all(paths.map(async (path) => (await file(run, path)).statusCode));
    expect(await statuses(['out', 'etc/passwd', 'near', 'other/secret', 'etc'])).toEqual(Array(5).fill(400));
    const tricks = [
      `../../${other}/artifacts/secret`,
      '..',
      '/etc/passwd',
      '%2e%2e/x',
      'file:///etc/passwd',
      'a\0',
    ];
    expect(await statuses(tricks)).toEqual(Array(tricks.length).fill(400));
    expect(await statuses(['folder', 'none', 'folder/a/b'])).toEqual([400, 404, 404]);
    for (const path of ['etc', 'other', '../..'])
      expect(await own.get(`artifacts/list?run_id=${run}&path=${encodeURIComponent(path)}`)).toMatchObject({
        status: 400,
      });
    expect((await own.get(`artifacts/list?run_id=${run}`)).files).toEqual([{ path: 'folder', is_dir: true }]);
    expect((await own.get(`artifacts/list?run_id=${run}&path=none`)).files).toBeUndefined();
  });

  test('two runs differ by the packages that lie beside their models', async () => {
    const id = await create({ name: 'packages' });
    const [a, b] = [await own.newRun({ experiment_id: id }), await own.newRun({ experiment_id: id })];
    const { id: model } = await own.experiments.startLoggedModel({ experimentId: id, name: 'm' }, caller);
    await own.experiments.logOutputs(b, [{ modelId: model, step: 0 }], 'default');
    await write(`${id}/${a}/artifacts`, 'model/requirements.txt', 'numpy==1\nscipy==1\n');
    await write(`${id}/${a}/artifacts`, 'huge/requirements.txt', `big==1\n${'#'.repeat(300_000)}`);
    await write(`${id}/models/${model}/artifacts`, 'requirements.txt', 'numpy==2\nscipy==1\n');
    const { packages } = await own.experiments.diffRuns({ a, b }, caller);
    const entry = { key: 'numpy', a: '==1', b: '==2' };
    expect(packages).toEqual({ entries: [entry], equal: 1 });
    await symlink('/etc', join(root, id, a, 'artifacts', 'link'));
    const none = await own.experiments.diffRuns({ a, b }, caller);
    expect(none.packages).toMatchObject({
      entries: [
        { ...entry, a: null },
        { key: 'scipy', a: null },
      ],
    });
  });

  test("our own clients' files go there too, whole, and by no link", async () => {
    const id = await create({ name: 'written' });
    const run = await own.newRun({ experiment_id: id });
    const place = join(root, id, run, 'artifacts');
    const proxy = `/api/2.0/mlflow-artifacts/artifacts/${id}/${run}/artifacts`;
    expect((await inject(`${proxy}/a/b.txt`, 'PUT', {}, 'by the proxy')).statusCode).toBe(200);
    expect(await readFile(join(place, 'a/b.txt'), 'utf8')).toBe('by the proxy');
    await mkdir(join(temp.path, 'outside'), { recursive: true });
    await symlink(join(temp.path, 'outside'), join(place, 'link'));
    for (const path of ['link/x', 'a/b.txt/x', 'a'])
      expect((await inject(`${proxy}/${path}`, 'PUT', {}, 'x')).statusCode).toBe(400);
    expect((await inject(`${proxy}/a`, 'DELETE')).statusCode).toBe(200);
    expect((await inject(`${proxy}/a`, 'DELETE')).statusCode).toBe(404);
    const parts = { id: run, path: 'big', partCount: 1 };
    const upload = await own.experiments.createUpload(parts, caller);
    const content = (async function* () {
      yield Buffer.from('in parts');
    })();
    const sha256 = await own.experiments.putUploadPart({ upload: upload.id, number: 1, content }, caller);
    const all = { upload: upload.id, target: `${run}/big`, parts: [{ number: 1, sha256 }] };
    await own.experiments.completeUpload(all, caller);
    expect(await readFile(join(place, 'big'), 'utf8')).toBe('in parts');
  });

  test('a client may ask for a place at or below the root, and for no other', async () => {
    const id = await create({ name: 'asked', artifact_location: `${uri}/team a/` });
    const { experiment } = await own.get(`experiments/get?experiment_id=${id}`);
    expect(experiment).toMatchObject({ artifact_location: `${uri}/team%20a` });
    const run = await own.newRun({ experiment_id: id });
    await write(`team a/${run}/artifacts`, 'x', 'found');
    expect((await file(run, 'x')).body).toBe('found');
    for (const artifact_location of [
      'file:///etc',
      `${uri}/../x`,
      `${uri}/%2e%2e/x`,
      `${uri}-else/x`,
      `${uri}/${id}/${run}/artifacts`,
      `${uri}/m-${run}`,
      `${uri}/x?a=1`,
      `${uri}/x#a`,
      `${uri}/x;a`,
      'file://host/x',
      's3://b/x',
      'mlflow-artifacts:/',
      '/etc',
      `${uri}/${'x'.repeat(2_100)}`,
    ]) {
      const refused = await own.post('experiments/create', { name: 'never', artifact_location });
      expect(refused).toMatchObject({ status: 400, error_code: 'INVALID_PARAMETER_VALUE' });
    }
    expect((await own.get('experiments/get-by-name?experiment_name=never')).status).toBe(404);
  });

  test('a server with another root says where the files are, and leaves them alone', async () => {
    const id = await create({ name: 'left behind' });
    const run = await own.newRun({ experiment_id: id });
    await write(`${id}/${run}/artifacts`, 'x', 'x');
    const elsewhere = await openFilesystemFolder(join(temp.path, 'my files 2'));
    for (const folder of [null, elsewhere]) {
      const later = await createTestMlflowDoor(database, folder);
      const place = { artifact_uri: `${uri}/${id}/${run}/artifacts` };
      expect(await later.get(`runs/get?run_id=${run}`)).toMatchObject({ run: { info: place } });
      const refused = await later.get(`artifacts/list?run_id=${run}`);
      expect(refused).toMatchObject({ status: 400, message: expect.stringContaining('--artifact-root') });
      await later.close();
    }
    await rm(join(temp.path, 'my files 2'), { recursive: true });
  });
});
