// A dataset version through a model: equal to single predictions, cancelled, gone on with after a stop; on both databases.
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { createOpenRuntime } from '../../adapters/inference/runtimes.ts';
import { newId } from '../../base/ids.ts';
import { describeEachPlatform } from '../../testing/each-platform.ts';
import { createPricePlatform, type PricePlatform, symbol, walk } from '../../testing/price-platform.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { createScorings } from './service.ts';

const days = walk(80);

describeEachPlatform('batch scoring', (database) => {
  const closing: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  test('gives what single predictions give, says what it cannot score, and has its lineage', async () => {
    const platform = await createPricePlatform({ days, ...(await database()) });
    closing.push(platform.close);
    const { services, caller, model, set } = platform;
    const { scorings, datasets } = services;
    const read = readerOf(platform);
    const end = async (id: string) => {
      await expect
        .poll(async () => (await scorings.get({ id }, caller)).finishedAt, { timeout: 60_000 })
        .not.toBeNull();
      return scorings.get({ id }, caller);
    };
    const begun = await scorings.create(
      { endpoint: 'forecast', dataset: set.reference, output: 'scored' },
      caller,
    );
    expect(begun).toMatchObject({ model, dataset: set.reference, rows: days.length, endpoint: 'forecast' });
    const done = await end(begun.id);
    expect(done).toMatchObject({ state: 'succeeded', result: 'scored@1', unscored: 0, done: days.length });
    const version = await datasets.resolve('scored@1', caller.workspace);
    const rows = await read('scored@1');
    expect(version.provenance).toMatchObject({ kind: 'scoring', inputs: [set.uri, `model:${model}`] });
    expect(rows).toHaveLength(days.length);
    for (const [i, day] of days.entries()) {
      if (i % 8 !== 0) continue;
      const [single] = (await platform.predict(day)).predictions;
      expect(rows[i]).toMatchObject({ symbol, close: day.close, prediction: single?.value });
    }

    // Rows that lack something, and in many parts.
    await datasets.derive(
      { name: 'gaps', sql: `select *, row_number() over (order by day) as n from "${set.reference}"` },
      caller,
    );
    await datasets.derive(
      {
        name: 'gaps',
        sql: `select * replace (case when n % 10 = 0 then null else close end as close) from "gaps@1"`,
      },
      caller,
    );
    const gaps = await end((await scorings.create({ model, dataset: 'gaps@2', output: 'gappy' }, caller)).id);
    expect(gaps).toMatchObject({ state: 'succeeded', unscored: 8 });
    const gappy = await read('gappy@1');
    for (const row of gappy)
      expect([row.prediction === null, row.problem]).toEqual(
        row.close === null ? [true, "'close' is missing"] : [false, null],
      );

    const wrong = (asked: object) =>
      scorings.create({ dataset: set.reference, output: 'scored', ...asked } as never, caller);
    await expect(wrong({})).rejects.toMatchObject({ code: 'scoringInvalid' });
    await expect(wrong({ model, column: 'close' })).rejects.toThrow("has a column 'close' already");
    await datasets.derive({ name: 'thin', sql: `select symbol from "${set.reference}"` }, caller);
    await expect(wrong({ model, dataset: 'thin@1' })).rejects.toThrow("has no column 'close'");
    await expect(scorings.cancel({ id: done.id }, caller)).rejects.toMatchObject({ code: 'scoringEnded' });
    await expect(scorings.get({ id: 'scoring_none' }, caller)).rejects.toMatchObject({
      code: 'scoringNotFound',
    });
  });

  test('what was done before a stop is not done again, and the version is made once', async () => {
    const platform = await createPricePlatform({ days, ...(await database()) });
    closing.push(platform.close);
    const { services, caller, model, set } = platform;
    const analytics = await openDuckdb();
    closing.push(() => analytics.close());
    const folder = await tempDir();
    type Work = (task: object) => Promise<{ done: Record<string, unknown> }>;
    const registered: Work[] = [];
    const asked: number[] = [];
    createScorings({
      ...services,
      openRuntime: createOpenRuntime(unused, unused),
      analytics: {
        ...analytics,
        async columns(request) {
          asked.push(Number(/>= (\d+)/.exec(request.sql)?.[1]));
          return analytics.columns(request);
        },
      },
      tasks: { ...services.tasks, register: (_name, _options, run) => void registered.push(run as never) },
      folder,
      chunkRows: 8,
      partRows: 16,
    });
    const id = newId('scoring');
    const payload = {
      ...{ endpoint: null, model, dataset: set.reference, rows: days.length },
      ...{ output: 'resumed', column: 'prediction', message: '' },
    };
    const attempt = (signal: AbortSignal, saved: () => void) =>
      registered[0]?.({
        ...{ id, payload, signal, progress: {}, actor: caller.actor, workspace: caller.workspace },
        saveProgress: async () => {
          saved();
          signal.throwIfAborted();
        },
        settle: async () => {},
      });
    await mkdir(folder, { recursive: true });
    const stop = new AbortController();
    let parts = 0;
    await expect(
      attempt(stop.signal, () => {
        parts += 1;
        if (parts === 2) stop.abort(new Error('killed'));
      }),
    ).rejects.toThrow('killed');
    expect((await readdir(join(folder, id))).filter((name) => name.startsWith('part-'))).toHaveLength(2);
    const before = asked.length;
    const ended = await attempt(new AbortController().signal, () => {});
    expect(asked.slice(before)).toEqual([32, 40, 48, 56, 64, 72]);
    expect(ended?.done).toMatchObject({ reference: 'resumed@1', unscored: 0 });
    expect(await readdir(folder)).toEqual([]);
    const rows = await readerOf(platform)('resumed@1');
    expect(rows.map(({ close }) => close)).toEqual(days.map(({ close }) => close));
  });
});

const unused = () => Promise.reject(new Error('nothing but ONNX here'));

const readerOf =
  ({ services, caller }: PricePlatform) =>
  async (reference: string) => {
    const sql = `select * from "${reference}"`;
    return (await services.analyses.query({ sql }, caller, new AbortController().signal)).rows;
  };
