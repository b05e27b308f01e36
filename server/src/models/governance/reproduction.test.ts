import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelVersion, Reproduction } from '@tidemill/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { packTar, unpackTar } from '../../base/tar.ts';
import { callerIn } from '../../testing/data-wing.ts';
import { buildPrices, bytesOf, commitTrainingSet, trainModel } from '../../testing/model-wing.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import type { Bundle } from './bundle.ts';

const caller = callerIn('main');
let home: TestPlatform;
/** Knows nothing of what the bundle is about. */
let elsewhere: TestPlatform;
let model: ModelVersion;
let bundle: Buffer;

beforeAll(async () => {
  home = await createTestPlatform();
  elsewhere = await createTestPlatform();
  // Twice, so that the training set is bound to prices@2 while elsewhere there is no prices@1.
  await commitTrainingSet(home, buildPrices(150, 1, 9), caller);
  await commitTrainingSet(home, buildPrices(9000), caller);
  model = await trainModel(home, caller, { learner: 'ridge' });
  const { governance } = home.services;
  const download = await governance.exportBundle({ name: 'forecaster', version: '1' }, caller);
  bundle = await bytesOf(download.content);
}, 60_000);
afterAll(async () => {
  await home.close();
  await elsewhere.close();
});

const reproduce = (content: Uint8Array): Promise<Reproduction> =>
  elsewhere.services.governance.reproduce({ content });

async function* inOne(bytes: Uint8Array) {
  yield bytes;
}

/** The bundle with some of its files changed; null leaves one out. */
async function changed(change: (path: string, bytes: Buffer) => Promise<Buffer | null> | Buffer | null) {
  const entries: { path: string; size: number; content: Buffer }[] = [];
  for await (const file of unpackTar(inOne(bundle))) {
    const content = await change(file.path, await bytesOf(file.content));
    if (content) entries.push({ path: file.path, size: content.length, content });
  }
  return bytesOf(packTar(entries));
}

/** One close, one cent up. */
async function changeOnePrice(bytes: Buffer): Promise<Buffer> {
  const folder = await tempDir();
  const analytics = await openDuckdb();
  try {
    await writeFile(join(folder, 'chunk.parquet'), bytes);
    const to = join(folder, 'changed.parquet');
    await analytics.copy({
      sql: `select symbol, date, case when n = 7 then close + 0.01 else close end as close
        from (select *, row_number() over () as n from chunk)`,
      tables: { chunk: { paths: [join(folder, 'chunk.parquet')] } },
      to,
    });
    return await readFile(to);
  } finally {
    await analytics.close();
  }
}

const changedJson = (edit: (bundle: Bundle) => void) =>
  changed((path, bytes) => {
    if (path !== 'bundle.json') return bytes;
    const value = JSON.parse(bytes.toString()) as Bundle;
    edit(value);
    return Buffer.from(JSON.stringify(value));
  });

test('elsewhere, from the bundle alone, the same model comes out, byte for byte', async () => {
  const reproduction = await reproduce(bundle);
  expect(reproduction).toMatchObject({ model: 'forecaster@1', equal: true });
  expect(reproduction.steps.map((step) => [step.name, step.equal])).toEqual([
    ['source prices@2', true],
    ['training set training@2', true],
    ['model forecaster@1', true],
  ]);
  expect(reproduction.steps.at(-1)).toMatchObject({
    expected: model.digest,
    actual: model.digest,
    detail: `${model.files.length} files, each equal`,
  });
  expect((await elsewhere.services.datasets.list({}, caller)).items).toEqual([]);
  expect(await readdir(join(elsewhere.folder, 'tmp'))).toEqual([]);
}, 30_000);

test('equal models give equal bundles, and no row of another dataset is in them', async () => {
  const again = await home.services.governance.exportBundle(
    { name: 'forecaster', version: 'latest' },
    caller,
  );
  expect((await bytesOf(again.content)).equals(bundle)).toBe(true);
  const paths: string[] = [];
  for await (const file of unpackTar(inOne(bundle))) {
    paths.push(file.path);
    await bytesOf(file.content);
  }
  expect(new Set(paths.map((path) => path.replace(/\d+\.parquet$/, 'N')))).toEqual(
    new Set(['bundle.json', 'datasets/prices@2/chunk-N']),
  );
});

test('one price changed: not equal, and the chunk is named with its rows', async () => {
  const reproduction = await reproduce(
    await changed((path, bytes) => (path.endsWith('/chunk-1.parquet') ? changeOnePrice(bytes) : bytes)),
  );
  expect(reproduction.equal).toBe(false);
  expect(reproduction.steps.map((step) => step.equal)).toEqual([false, false, false]);
  expect(reproduction.steps[0]?.detail).toMatch(
    /^prices@2 chunk 1 of [2-9] \(rows 1 to \d+\) differs: expected/,
  );
  expect(reproduction.steps[2]?.detail).toMatch(/these files differ: .*model.onnx/);
}, 30_000);

test('a chunk left out, spoilt or swapped is named', async () => {
  const without = await reproduce(await changed((path, bytes) => (/chunk-1/.test(path) ? null : bytes)));
  expect(without.equal).toBe(false);
  expect(without.steps[0]?.detail).toMatch(/chunk 1 of \d+ .* cannot be read/);
  expect(without.steps.at(-1)).toMatchObject({ name: 'model forecaster@1', equal: false });
  const spoilt = await reproduce(
    await changed((path, bytes) => (/chunk-1/.test(path) ? Buffer.from('not a parquet file') : bytes)),
  );
  expect(spoilt.steps[0]?.detail).toMatch(/cannot be read/);
  const chunks = new Map<string, Buffer>();
  await changed((path, bytes) => chunks.set(path, bytes) && bytes);
  const other = (path: string) =>
    path.replace(/chunk-[12]/, (name) => (name === 'chunk-1' ? 'chunk-2' : 'chunk-1'));
  const swapped = await reproduce(await changed((path, bytes) => chunks.get(other(path)) ?? bytes));
  expect(swapped.steps[0]?.detail).toMatch(/chunk 1 of .* differs: .*chunk 2 of .* differs: /);
}, 30_000);

test('another recipe or definition is another model', async () => {
  const recipe = await reproduce(await changedJson((value) => Object.assign(value.recipe, { seed: 4 })));
  expect(recipe.steps.map((step) => step.equal)).toEqual([true, true, false]);
  const definition = await reproduce(
    await changedJson((value) => Object.assign(value.definition ?? {}, { asOf: '2023-01-01T00:00:00Z' })),
  );
  expect(definition.steps.map((step) => step.equal)).toEqual([true, false, false]);
  const hostile = await reproduce(
    await changedJson((value) =>
      Object.assign(value.definition ?? {}, { entities: "select * from read_csv('/etc/passwd')" }),
    ),
  );
  expect(hostile.steps.map((step) => step.equal)).toEqual([true, false, false]);
  expect(hostile.steps[1]?.actual).toBe('');
}, 30_000);

test('what is no bundle is refused, over HTTP too, and leaves nothing behind', async () => {
  const refused = (content: Uint8Array) => expect(reproduce(content)).rejects;
  await refused(Buffer.from('x'.repeat(2000))).toMatchObject({ code: 'bundleInvalid', status: 422 });
  await refused(await changed((path, bytes) => (path === 'bundle.json' ? null : bytes))).toThrow(/missing/);
  await refused(await changedJson((value) => Object.assign(value, { digest: 'x' }))).toThrow(/\/digest/);
  await refused(
    await changedJson((value) =>
      Object.assign(value.sources[0] ?? {}, { version: { reference: '../../x' } }),
    ),
  ).toThrow(/bundle.json/);
  const extra = [{ path: 'datasets/evil/run.sh', size: 1, content: Buffer.from('x') }];
  await refused(await bytesOf(packTar(extra))).toThrow(/bundles hold no such file/);
  const reply = await elsewhere.http.inject({
    method: 'POST',
    url: '/api/v1/reproductions',
    headers: { 'content-type': 'application/x-tar' },
    payload: bundle.subarray(0, 3000),
  });
  expect([reply.statusCode, reply.json().error.code]).toEqual([422, 'bundleInvalid']);
  expect(await readdir(join(elsewhere.folder, 'tmp'))).toEqual([]);
});
