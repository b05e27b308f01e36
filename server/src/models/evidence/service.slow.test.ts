import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ModelVersion } from '@tidemill/contract';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEachPlatform } from '../../testing/each-platform.ts';
import { buildPrices, commitTrainingSet, evaluateModel, trainModel } from '../../testing/model-wing.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { until } from '../../testing/until.ts';

const run = promisify(execFile);

describeEachPlatform('evidence of a model', (database) => {
  let platform: TestPlatform;
  let folder: Awaited<ReturnType<typeof createTempDir>>;
  let model: ModelVersion;
  let unpacked = 0;

  beforeAll(async () => {
    folder = await createTempDir();
    platform = await createTestPlatform(await database());
    const { caller, services } = platform;
    await commitTrainingSet(platform, buildPrices(300), caller);
    model = await trainModel(platform, caller, { learner: 'ridge' });
    const evaluation = await evaluateModel(platform, caller, { model: model.reference });
    const rules = [{ name: 'tiny', expression: 'metrics.mae < 0.0', message: 'too much error' }];
    await services.governance.putGate({ name: model.model, rules }, caller);
    await services.governance.check({ ...key(), evaluation: evaluation.id }, caller);
    await services.governance.approve({ ...key(), reason: 'we must', override: true }, caller);
    await services.comments.create({ subject: model.uri, text: 'looks *fine*' }, caller);
    const test = await services.pipelines.start({ ...key(), scopes: ['integration'] }, caller);
    await until(
      () => services.pipelines.get({ id: test.id }, caller),
      ({ finishedAt }) => finishedAt !== null,
    );
    const study = await services.studies.create(
      { kind: 'stability', model: model.reference, dataset: 'training@1', target: 'next_close' },
      caller,
    );
    await until(
      () => services.studies.get({ id: study.id }, caller),
      ({ finishedAt }) => finishedAt !== null,
    );
  }, 60_000);
  afterAll(async () => {
    await platform.close();
    await folder.remove();
  });

  const key = () => ({ name: model.model, version: String(model.version) });
  async function get(): Promise<Buffer> {
    const reply = await platform.http.inject({
      url: `/api/v1/models/${model.model}/versions/${model.version}/evidence`,
      headers: { host: 'localhost' },
    });
    expect(reply.statusCode, reply.body.slice(0, 300)).toBe(200);
    return reply.rawPayload;
  }
  async function unpack(bytes: Buffer): Promise<string> {
    const at = join(folder.path, `e${unpacked++}`);
    await mkdir(at);
    await writeFile(`${at}.tar`, bytes);
    await run('tar', ['-xf', `${at}.tar`, '-C', at]);
    return at;
  }
  const verify = (at: string) => run('sh', ['verify.sh'], { cwd: at });

  test('holds what is known, and standard tools verify it', async () => {
    const at = await unpack(await get());
    const read = async (path: string) => JSON.parse(await readFile(join(at, path), 'utf8'));
    expect((await readdir(at)).sort()).toEqual(
      expect.arrayContaining([
        'README.md',
        'SHA256SUMS',
        'approvals.json',
        'card.html',
        'card.md',
        'run.json',
        'verify.sh',
      ]),
    );
    expect(await read('version.json')).toMatchObject({ reference: model.reference, digest: model.digest });
    expect(await read('checks.json')).toMatchObject([{ verdict: 'refuse', results: [{ rule: 'tiny' }] }]);
    expect(await read('tests.json')).toMatchObject([
      { state: 'passed', scopes: [{ scope: 'integration', outcome: 'passed' }] },
    ]);
    expect(await read('inspection.json')).toMatchObject({ model: model.reference });
    expect(await read('score.json')).toMatchObject({ model: model.reference });
    const [study = ''] = await readdir(join(at, 'studies'));
    expect(await read(`studies/${study}`)).toMatchObject({ kind: 'stability', state: 'succeeded' });
    expect(await read('approvals.json')).toMatchObject([{ decision: 'overridden', reason: 'we must' }]);
    expect(await read('inputs.json')).toEqual(
      expect.arrayContaining(
        ['training@1', 'prices@1'].map((reference) =>
          expect.objectContaining({ reference, digest: expect.stringMatching(/^[0-9a-f]{64}$/) }),
        ),
      ),
    );
    expect(await read('comments.json')).toMatchObject([{ text: 'looks *fine*' }]);
    expect(await readdir(join(at, 'evaluations'))).toHaveLength(1);
    expect(await readFile(join(at, 'model', 'MLmodel'), 'utf8')).toContain('flavors');
    const entries = (await readFile(join(at, 'audit', 'entries.ndjson'), 'utf8')).trimEnd().split('\n');
    const actions = entries.map((line) => JSON.parse(line).action);
    expect(actions).toEqual(
      expect.arrayContaining([
        'dataset.committed',
        'model.registered',
        'gate.refused',
        'model.overridden',
        'comment.created',
      ]),
    );
    const { stdout } = await verify(at);
    const [, head = ''] = /ends at (\S+)/.exec(stdout) ?? [];
    expect(await platform.services.audit.verify({ expect: head }, platform.caller)).toMatchObject({
      expected: true,
    });
  });

  test('equal records give equal bytes, whatever else happens on the server', async () => {
    const before = await get();
    await platform.services.registry.create({ name: 'another' }, platform.caller);
    const after = await get();
    expect(after.equals(before)).toBe(true);
    await platform.services.comments.create({ subject: model.uri, text: 'one more' }, platform.caller);
    expect((await get()).equals(before)).toBe(false);
    await expect.poll(() => readdir(join(platform.folder, 'tmp'))).toEqual([]);
  });

  test('any change of a file is found, and one of the audit although the lists were made to fit', async () => {
    const bytes = await get();
    const { files } = JSON.parse(await readFile(join(await unpack(bytes), 'manifest.json'), 'utf8'));
    for (const { path, size } of files) {
      if (size === 0) continue;
      const at = await unpack(bytes);
      const content = await readFile(join(at, path));
      content[Math.floor(size / 2)] = (content[Math.floor(size / 2)] ?? 0) ^ 1;
      await writeFile(join(at, path), content);
      await expect(verify(at), path).rejects.toThrow();
    }
    const forgeries: [string, (text: string) => string][] = [
      ['audit/entries.ndjson', (text) => text.replace('"reason":"we must"', '"reason":"all agreed"')],
      [
        'audit/chain.txt',
        (text) =>
          text
            .split('\n')
            .filter((_line, n) => n !== 2)
            .join('\n'),
      ],
    ];
    for (const [path, forge] of forgeries) {
      const at = await unpack(bytes);
      const text = await readFile(join(at, path), 'utf8');
      const forged = forge(text);
      expect(forged).not.toBe(text);
      await writeFile(join(at, path), forged);
      const sha256 = createHash('sha256').update(forged).digest('hex');
      const sums = await readFile(join(at, 'SHA256SUMS'), 'utf8');
      await writeFile(
        join(at, 'SHA256SUMS'),
        sums.replace(new RegExp(`^.*  ${path}$`, 'm'), `${sha256}  ${path}`),
      );
      await expect(verify(at), path).rejects.toMatchObject({ stdout: expect.stringContaining('NOT INTACT') });
    }
  }, 60_000);

  test('a version that is not there has none, and none is made from an audit that was changed', async () => {
    const { evidence } = platform.services;
    await expect(evidence.get({ ...key(), version: '99' }, platform.caller)).rejects.toMatchObject({
      status: 404,
    });
    const { db, kind } = platform.database;
    if (kind === 'postgres') await sql`alter table audit disable trigger user`.execute(db);
    else await sql`drop trigger audit_unchanged`.execute(db);
    await sql`update audit set actor = 'user:eve' where position = 2`.execute(db);
    const { open } = await evidence.get(key(), platform.caller);
    await expect(open?.()).rejects.toMatchObject({ code: 'auditNotIntact' });
  });
});
