import { spawn } from 'node:child_process';
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { type Changes, createChanges } from '../../access/audit/service.ts';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { openFilesystemBlobs } from '../../adapters/blobs/filesystem.ts';
import type { Db } from '../../adapters/db/db.ts';
import { transact } from '../../adapters/db/db.ts';
import { systemCaller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { maximumLines } from './log-memory.ts';
import { type LoggedPrediction, recordFrom, segmentColumns } from './rules.ts';
import { createPredictions, type Predictions } from './service.ts';
import { SegmentsGone, segmentStore } from './store.ts';

const caller = systemCaller('test', 'default');
const start = Date.parse('2026-11-23T00:00:00Z');
const dayMs = 86_400_000;

async function openPredictions(
  db: Db,
  folder: string,
  options: {
    segmentBytes?: number;
    changes?: Changes;
    removeBlobs?: (ids: readonly string[]) => Promise<unknown>;
  } = {},
) {
  const told: { kind: string; payload: Record<string, unknown> }[] = [];
  let now = start;
  const analytics = await openDuckdb();
  const predictions = createPredictions({
    db,
    analytics,
    blobs: await openFilesystemBlobs({ root: join(folder, 'blobs') }),
    events: { emit: async (_tx, ...events) => void told.push(...events) },
    clock: { now: () => now++ },
    logger: pino({ level: 'silent' }),
    folder: join(folder, 'predictions'),
    entityOf(name) {
      if (name !== 'forecast') throw errors.endpointNotFound({ name });
      return ['ticker'];
    },
    entityKey: (columns, record) => JSON.stringify(columns.map((column) => record[column])),
    ...options,
  });
  await predictions.start();
  onTestFinished(async () => {
    await predictions.stop();
    await analytics.close();
  });
  return { predictions, told, skip: (ms: number) => (now += ms) };
}

let id = 0;
const prediction = (day: number, changes: Partial<LoggedPrediction> = {}): LoggedPrediction => ({
  id: `p${id++}`,
  at: start + id,
  eventTime: start + day * dayMs,
  key: '["AAPL"]',
  revision: 1,
  variant: 'main',
  model: 'forecaster@1',
  role: 'live',
  source: 'model',
  fallbackReason: null,
  features: { close: 100 + day },
  prediction: 101 + day,
  queueMs: 0,
  featureMs: 0,
  inferenceMs: 0.1,
  totalMs: 0.2,
  ...changes,
});

const log = (predictions: Predictions) => predictions.openLog('default', 'forecast');
const outcome = (predictions: Predictions, day: number, value: number) =>
  predictions.recordOutcomes(
    { name: 'forecast', outcomes: [{ entity: { ticker: 'AAPL' }, eventTime: start + day * dayMs, value }] },
    caller,
  );

describeEachDatabase('predictions', (open) => {
  test('a prediction meets its outcome, the latest one, by id or by entity and event time', async () => {
    const { predictions } = await openPredictions((await open()).db, await tempDir());
    const { append } = await log(predictions);
    const first = prediction(0);
    append(first);
    append(prediction(1));
    await outcome(predictions, 1, 50);
    await outcome(predictions, 1, 104);
    await predictions.recordOutcomes(
      { name: 'forecast', outcomes: [{ predictionId: first.id, value: 103, observedAt: '2026-11-23' }] },
      caller,
    );
    const { items } = await predictions.list({ name: 'forecast' }, caller);
    expect(items.map((item) => [item.eventTime, item.outcome])).toEqual([
      [start + dayMs, 104],
      [start, 103],
    ]);
    expect(items[1]).toEqual(recordFrom(first, { value: 103, observedAt: start }));
    const performance = await predictions.performance({ name: 'forecast', bucket: 'month' }, caller);
    expect(performance.groups).toEqual([
      {
        ...{
          bucket: '2026-11',
          model: 'forecaster@1',
          role: 'live',
          count: 2,
          outcomes: 2,
          mae: 2,
          bias: -2,
        },
        ...{ accuracy: null, logLoss: null, brier: null },
      },
    ]);
  });

  test('pairs hold each unit once, by the first prediction of each model', async () => {
    const { predictions } = await openPredictions((await open()).db, await tempDir());
    const { append } = await log(predictions);
    for (const day of [2, 0, 1]) {
      append(prediction(day, { prediction: 100 }));
      append(prediction(day, { prediction: 0 }));
      append(
        prediction(day, { model: 'forecaster@2', variant: 'candidate', role: 'shadow', prediction: 90 }),
      );
    }
    append(prediction(3, { model: 'forecaster@2', role: 'shadow', prediction: null }));
    append(prediction(3, { prediction: 5 }));
    for (const day of [0, 1, 3]) await outcome(predictions, day, 92);
    const request = {
      workspace: 'default',
      endpoint: 'forecast',
      candidate: 'forecaster@2',
      champion: 'forecaster@1',
      candidateVariants: ['candidate'],
      championVariants: ['main'],
    };
    const pairs = await predictions.pairs({ ...request, since: 0 });
    expect(pairs.map((pair) => [pair.eventTime, pair.candidateError, pair.championError])).toEqual([
      [start, 2, 8],
      [start + dayMs, 2, 8],
    ]);
    expect(await predictions.pairs({ ...request, since: start + 1e9 })).toEqual([]);
  });

  test('the window holds the newest units of live traffic', async () => {
    const { predictions } = await openPredictions((await open()).db, await tempDir());
    const { append } = await log(predictions);
    for (let day = 0; day < 10; day++) {
      append(prediction(day));
      append(prediction(day, { features: { close: -1 } }));
      append(prediction(day, { role: 'shadow', model: 'forecaster@2' }));
    }
    const rows = await predictions.window({ workspace: 'default', endpoint: 'forecast', rows: 3 });
    expect(rows.map((row) => row.features)).toEqual([{ close: 109 }, { close: 108 }, { close: 107 }]);
    const shadow = {
      workspace: 'default',
      endpoint: 'forecast',
      rows: 50,
      role: 'shadow',
      model: 'forecaster@2',
    } as const;
    expect(await predictions.window(shadow)).toHaveLength(10);
  });

  test('failures of a variant are counted, switches by hand are not', async () => {
    const { predictions } = await openPredictions((await open()).db, await tempDir());
    const { append } = await log(predictions);
    append(prediction(0, { variant: 'candidate', source: 'fallback', fallbackReason: 'timeout after 5 ms' }));
    append(
      prediction(1, {
        variant: 'candidate',
        source: 'fallback',
        fallbackReason: 'switched to the rule: test',
      }),
    );
    append(prediction(2, { variant: 'candidate', role: 'shadow', prediction: null, fallbackReason: 'NaN' }));
    append(prediction(3, { variant: 'candidate' }));
    const request = { workspace: 'default', endpoint: 'forecast', variants: ['candidate'], since: 0 };
    expect(await predictions.failures(request)).toEqual({ count: 2, reason: 'timeout after 5 ms' });
  });

  test('sealed and open segments read as one table, also after a restart', async () => {
    const { db } = await open();
    const folder = await tempDir();
    const { predictions, skip } = await openPredictions(db, folder, { segmentBytes: 2000 });
    const { append, flush } = await log(predictions);
    for (let day = 0; day < 40; day++) {
      append(
        prediction(day, day === 3 ? { source: 'fallback', model: 'fallback', fallbackReason: 'x' } : {}),
      );
      if (day % 10 === 9) await flush();
    }
    await outcome(predictions, 39, 140);
    await predictions.seal();
    const stored = (await segmentStore(db).listAll()).filter((segment) => segment.rows > 0);
    expect(stored.length).toBeGreaterThan(1);
    expect(stored[0]).toMatchObject({
      workspace: 'default',
      endpoint: 'forecast',
      day: '2026-11-23',
      rows: 10,
    });
    skip(2 * dayMs);
    await predictions.seal();
    expect(await readdir(join(folder, 'predictions/default/forecast/open'))).toEqual([]);
    append(prediction(40));
    const read = async (from: Predictions) =>
      (await from.list({ name: 'forecast', limit: 1000 }, caller)).items;
    const items = await read(predictions);
    expect(items).toHaveLength(41);
    expect(items[1]).toMatchObject({ outcome: 140, features: { close: 139 } });
    await predictions.stop();

    const { predictions: restarted } = await openPredictions(db, folder);
    expect(await read(restarted)).toEqual(items);
    expect(await restarted.counts('default')).toEqual({ predictions: 41, outcomes: 1, fallbacks: 1 });
  });

  test('who asked, what was said and how it ended are columns; segments of earlier releases lack them', async () => {
    const { db } = await open();
    // The database is the suite's.
    const caller = systemCaller('test', 'old');
    const folder = await tempDir();
    const openFolder = join(folder, 'predictions/old/forecast/open');
    await mkdir(openFolder, { recursive: true });
    const old = prediction(0, { id: 'old-open' });
    await writeFile(join(openFolder, 'predictions.2026-11-22.segment_1.ndjson'), `${JSON.stringify(old)}\n`);
    const sealedOld = join(folder, 'old.parquet');
    const analytics = await openDuckdb();
    await writeFile(join(folder, 'old.ndjson'), `${JSON.stringify({ ...old, id: 'old-sealed' })}\n`);
    const columns = segmentColumns.predictions.slice(0, 16);
    const table = { paths: [], lines: [join(folder, 'old.ndjson')], columns };
    await analytics.exportFile({ table, format: 'parquet', to: sealedOld });
    await analytics.close();
    const blobs = await openFilesystemBlobs({ root: join(folder, 'blobs') });
    const { sha256 } = await blobs.putFile(sealedOld, { move: true });
    await segmentStore(db).insert({
      ...{ id: 'segment_0', workspace: 'old', endpoint: 'forecast', kind: 'predictions' },
      ...{ day: '2026-11-22', sha256, rows: 1, marked: 0, sealedAt: start },
    });

    const { predictions } = await openPredictions(db, folder, { segmentBytes: 1000 });
    const { append, appendFailed } = await predictions.openLog('old', 'forecast');
    const said = {
      caller: 'token:shop',
      requestId: 'order-7',
      output: { label: 'cat', probabilities: { cat: 0.9, dog: 0.1 } },
      warnings: ['close 9 is above the training maximum 7'],
      rows: 3,
    };
    const full = prediction(1, { id: 'full', prediction: null, ...said });
    append(full);
    append(prediction(2, { id: 'ruled', source: 'fallback', model: 'fallback', fallbackStep: 'rule' }));
    const failure = { at: start + 9, eventTime: start + 3 * dayMs, revision: 1, totalMs: 4 };
    appendFailed({
      ...failure,
      id: 'wrong',
      status: 'refused',
      error: 'x'.repeat(2000),
      caller: 'token:shop',
    });
    for (let i = 0; i < 500; i++)
      appendFailed({ ...failure, id: `more-${i}`, status: 'failed', error: 'late', variant: 'main' });

    const ids = async (asked: object) =>
      (await predictions.list({ name: 'forecast', ...asked }, caller)).items.map(({ id }) => id);
    const check = async () => {
      expect(await ids({ status: 'ok' })).toEqual(['full', 'old-sealed', 'old-open']);
      expect(await ids({ status: 'fallback' })).toEqual(['ruled']);
      expect(await ids({ status: 'refused', caller: 'token:shop' })).toEqual(['wrong']);
      expect(await ids({ requestId: 'order-7', key: 'AAPL' })).toEqual(['full']);
      expect(await ids({ key: 'MSFT' })).toEqual([]);
      // Of a flood of failures only the first of a second are kept.
      expect(await ids({ status: 'failed', limit: 1000 })).toHaveLength(99);
      const shown = await predictions.show({ name: 'forecast', id: 'full' }, caller);
      expect(shown).toMatchObject({ ...said, status: 'ok', error: null });
      expect((await predictions.show({ name: 'forecast', id: 'wrong' }, caller)).error).toHaveLength(500);
      expect(await predictions.show({ name: 'forecast', id: 'old-sealed' }, caller)).toMatchObject({
        ...{ caller: null, output: null, warnings: [], status: 'ok', rows: 1, features: { close: 100 } },
      });
      // A request without an answer is nobody's prediction, but a failure of the model it was for.
      const units = await predictions.window({ workspace: 'old', endpoint: 'forecast', rows: 9 });
      expect(units.map(({ eventTime }) => eventTime)).toEqual([start + 2 * dayMs, start + dayMs, start]);
      const failures = { workspace: 'old', endpoint: 'forecast', variants: ['main'], since: start };
      expect((await predictions.failures(failures)).count).toBe(100);
    };
    await check();
    const pages: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await predictions.list({ name: 'forecast', limit: 7, ...(cursor && { cursor }) }, caller);
      pages.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(pages).toEqual(await ids({ limit: 1000 }));
    expect(new Set(pages).size).toBe(104);
    await predictions.seal();
    await check();
    await expect(predictions.show({ name: 'forecast', id: 'nobody' }, caller)).rejects.toMatchObject({
      code: 'predictionNotFound',
    });
    await expect(predictions.list({ name: 'forecast', cursor: 'x' }, caller)).rejects.toMatchObject({
      code: 'pageCursorInvalid',
    });
  });

  test.each(['small', 'large'])('each outcome is told what it did, to a %s log', async (size) => {
    const { predictions } = await openPredictions((await open()).db, await tempDir());
    const workspace = `outcomes-${size}`;
    const caller = systemCaller('test', workspace);
    const { append } = await predictions.openLog(workspace, 'forecast');
    append(prediction(0, { id: 'first' }));
    append(prediction(1));
    if (size === 'large')
      for (let i = 0; i < maximumLines; i++) append(prediction(5, { id: `more-${i}`, key: '["MORE"]' }));
    const send = async (...outcomes: { value: number; predictionId?: string; day?: number }[]) => {
      const { accepted, results } = await predictions.recordOutcomes(
        {
          name: 'forecast',
          outcomes: outcomes.map(({ day = 0, predictionId, value }) =>
            predictionId === undefined
              ? { value, entity: { ticker: 'AAPL' }, eventTime: start + day * dayMs }
              : { value, predictionId },
          ),
        },
        caller,
      );
      expect(accepted).toBe(outcomes.length);
      return results;
    };
    expect(await send({ value: 1 }, { value: 1 }, { value: 2 }, { value: 3, day: 9 })).toEqual([
      ...['accepted', 'unchanged', 'corrected', 'unmatched'],
    ]);
    // By its id it is the same unit.
    expect(await send({ value: 2, predictionId: 'first' }, { value: 5, predictionId: 'first' })).toEqual([
      ...['unchanged', 'corrected'],
    ]);
    expect(await send({ value: 5 }, { value: 7, predictionId: 'nobody' }, { value: 8, day: 1 })).toEqual([
      ...['unchanged', 'unmatched', 'accepted'],
    ]);
    // What said nothing new was not written.
    expect((await predictions.counts(workspace)).outcomes).toBe(6);
    // An outcome that came before its prediction meets it.
    append(prediction(9));
    const { items } = await predictions.list({ name: 'forecast', key: 'AAPL' }, caller);
    expect(items.map(({ eventTime, outcome }) => [eventTime, outcome])).toEqual([
      [start + 9 * dayMs, 3],
      [start + dayMs, 8],
      [start, 5],
    ]);
    expect(await send({ value: 3, day: 9 }, { value: 4, day: 9 })).toEqual(['unchanged', 'corrected']);
  });

  test('classes are judged as classes, probabilities as probabilities', async () => {
    const { predictions } = await openPredictions((await open()).db, await tempDir());
    const caller = systemCaller('test', 'classes');
    const { append } = await predictions.openLog('classes', 'forecast');
    const said = (cat: number) => ({ label: [cat > 0.5 ? 'cat' : 'dog'], scores: [{ cat, dog: 1 - cat }] });
    const ofClasses = { model: 'pets@1', prediction: null } as const;
    for (const [day, cat] of [0.9, 0.6, 0.2].entries())
      append(prediction(day, { ...ofClasses, output: said(cat) }));
    for (const [day, value] of [0.8, 0.3].entries())
      append(prediction(day, { model: 'odds@1', prediction: value, key: '["ODDS"]' }));
    const actual = ['cat', 'dog', 'dog'];
    await predictions.recordOutcomes(
      {
        name: 'forecast',
        outcomes: [
          ...actual.map((value, day) => ({
            value,
            entity: { ticker: 'AAPL' },
            eventTime: start + day * dayMs,
          })),
          ...[1, 0].map((value, day) => ({
            value,
            entity: { ticker: 'ODDS' },
            eventTime: start + day * dayMs,
          })),
        ],
      },
      caller,
    );
    const { groups } = await predictions.performance({ name: 'forecast' }, caller);
    const [odds, pets] = groups;
    expect(pets).toMatchObject({ model: 'pets@1', count: 3, outcomes: 3, mae: null, accuracy: 2 / 3 });
    expect(pets?.logLoss).toBeCloseTo(-(Math.log(0.9) + Math.log(0.4) + Math.log(0.8)) / 3, 12);
    expect(pets?.brier).toBeCloseTo((2 * 0.01 + 2 * 0.36 + 2 * 0.04) / 3, 12);
    expect(odds).toMatchObject({ model: 'odds@1', count: 2, outcomes: 2, accuracy: 1 });
    expect(odds?.logLoss).toBeCloseTo(-(Math.log(0.8) + Math.log(0.7)) / 2, 12);
    expect(odds?.brier).toBeCloseTo((0.04 + 0.09) / 2, 12);
    const shown = (await predictions.list({ name: 'forecast', model: 'pets@1' }, caller)).items;
    expect(shown.map(({ outcome, outcomeLabel }) => [outcome, outcomeLabel])).toEqual([
      [null, 'dog'],
      [null, 'dog'],
      [null, 'cat'],
    ]);
  });

  test('small segments of a day become one, days beyond the retention go, redacted columns are never written', async () => {
    const { db } = await open();
    const folder = await tempDir();
    const caller = systemCaller('test', 'kept');
    const changes = createChanges({
      db,
      clock: { now: () => start },
      events: { emit: async () => {} } as never,
    });
    const removed: string[] = [];
    const removeBlobs = async (ids: readonly string[]) => void removed.push(...ids);
    const { predictions, skip } = await openPredictions(db, folder, {
      segmentBytes: 500,
      changes,
      removeBlobs,
    });
    const opened = await predictions.openLog('kept', 'forecast');
    for (let day = 0; day < 8; day++) {
      opened.append(prediction(day));
      await opened.flush();
    }
    skip(dayMs);
    const settings = {
      name: 'forecast',
      redact: [
        { column: 'ssn', how: 'hash' },
        { column: 'email', how: 'omit' },
        { column: 'label', how: 'omit' },
      ],
    };
    const put = (asked: object) => predictions.putLog({ name: 'forecast', ...asked } as never, caller);
    await expect(put({ redact: [{ column: 'ticker', how: 'omit' }] })).rejects.toMatchObject({
      code: 'logRedactionInvalid',
    });
    expect(await put(settings)).toMatchObject({ redact: settings.redact, retentionDays: null });
    opened.append(
      prediction(9, {
        features: { ssn: '123-45-6789', email: 'a@b.c', close: 1 },
        output: { label: '123-45 too', ssn: '123-45-6789' },
        warnings: ['ssn 123-45-6789 is above the training maximum 1', 'close 1 is fine'],
      }),
    );
    const ids = async () =>
      (await predictions.list({ name: 'forecast', limit: 100 }, caller)).items.map(({ id }) => id);
    const before = await ids();
    const [newest] = (await predictions.list({ name: 'forecast', limit: 1 }, caller)).items;
    expect(newest?.features).toEqual({ ssn: expect.stringMatching(/^sha256:[0-9a-f]{32}$/), close: 1 });
    expect(newest?.warnings).toEqual(['a redacted column is outside the training range', 'close 1 is fine']);
    const files = await readdir(join(folder, 'predictions/kept/forecast/open'));
    for (const name of files)
      expect(await readFile(join(folder, 'predictions/kept/forecast/open', name), 'utf8')).not.toContain(
        '123-45',
      );
    await predictions.seal();
    const rowsOf = async () =>
      (await segmentStore(db).listAll())
        .filter(({ workspace }) => workspace === 'kept')
        .map(({ rows }) => rows);
    // Eight predictions of yesterday in one segment, and nothing left of those that they were in.
    expect(await rowsOf()).toContain(8);
    expect(removed.length).toBeGreaterThan(1);
    const merged = removed.length;
    expect((await rowsOf()).length).toBeLessThan(4);
    expect(await ids()).toEqual(before);
    const used = await predictions.usage({ name: 'forecast' }, caller);
    expect(used.groups).toMatchObject([{ caller: null, model: 'forecaster@1', predictions: 9, failed: 0 }]);
    expect(used.groups[0]?.outsideShare).toBeCloseTo(1 / 9, 12);
    await put({ retentionDays: 1 });
    skip(dayMs);
    await predictions.seal();
    expect(await ids()).toEqual(before.slice(0, 1));
    expect(removed.length).toBeGreaterThan(merged);
    expect(await predictions.logStatus({ name: 'forecast' }, caller)).toMatchObject({
      ...{ predictions: 1, retentionDays: 1, redact: settings.redact, lost: 0, problem: null },
    });
  });

  test('segments of which one is gone are not merged, and the others stay', async () => {
    const { db } = await open();
    const sealed = {
      workspace: 'merged',
      endpoint: 'forecast',
      kind: 'predictions',
      day: '2025-01-01',
    } as const;
    const segment = (id: string) => ({
      ...sealed,
      id,
      sha256: id.repeat(8),
      rows: 1,
      marked: 0,
      sealedAt: 1,
    });
    await segmentStore(db).insert(segment('still-there'));
    const merge = transact(db, (tx) => segmentStore(tx).merge(['still-there', 'gone'], segment('fresh')));
    await expect(merge).rejects.toThrow(SegmentsGone);
    const left = (await segmentStore(db).listAll()).filter(({ workspace }) => workspace === 'merged');
    expect(left.map(({ id }) => id)).toEqual(['still-there']);
  });

  test('events tell how much was written, coalesced', async () => {
    const { predictions, told } = await openPredictions((await open()).db, await tempDir());
    const { append } = await log(predictions);
    for (let day = 0; day < 100; day++) append(prediction(day));
    for (let day = 0; day < 5; day++) await outcome(predictions, day, 1);
    await predictions.stop();
    const count = (kind: string) =>
      told
        .filter((event) => event.kind === kind)
        .reduce((sum, { payload }) => sum + Number(payload.count), 0);
    expect([count('predictions.logged'), count('outcomes.recorded')]).toEqual([100, 5]);
    expect(told.length).toBeLessThan(12);
  });
});

describeEachDatabase('bad outcomes', (open) => {
  test.each([
    [{ value: 1 }, 'outcomeInvalid'],
    [{ value: 1, entity: { ticker: 'AAPL' } }, 'outcomeInvalid'],
    [{ value: 1, entity: { ticker: 'AAPL' }, eventTime: 'yesterday' }, 'eventTimeInvalid'],
    [{ value: 1, predictionId: 'p', observedAt: start + 3_600_000 }, 'outcomeInvalid'],
  ])('%j is refused whole', async (bad, code) => {
    const { predictions } = await openPredictions((await open()).db, await tempDir());
    const good = { value: 2, entity: { ticker: 'AAPL' }, eventTime: start };
    const sent = predictions.recordOutcomes({ name: 'forecast', outcomes: [good, bad] }, caller);
    await expect(sent).rejects.toMatchObject({ code });
    expect(await predictions.counts('default')).toMatchObject({ outcomes: 0 });
  });

  test('an unknown endpoint has no log', async () => {
    const { predictions } = await openPredictions((await open()).db, await tempDir());
    await expect(predictions.list({ name: 'nothing' }, caller)).rejects.toMatchObject({
      code: 'endpointNotFound',
    });
  });
});

/** Appends numbered lines and tells each number after it is durable, until it is killed. */
const writer = `
  const { openSegmentLog } = await import(process.argv[1]);
  const log = await openSegmentLog({ folder: process.argv[2], kind: 'outcomes', toLine: (n) => JSON.stringify({ n }) + '\\n', now: Date.now });
  for (let n = 0; ; n++) { log.append(n); await log.flush(); process.stdout.write(n + '\\n'); }
`;

test('acknowledged lines survive kill -9', async () => {
  const folder = await tempDir();
  const module = new URL('./segment-log.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer, module, folder]);
  let told = '';
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      told += chunk;
      if (told.length > 2000) child.kill('SIGKILL');
    });
    child.once('close', () => resolve());
  });
  const [name = ''] = await readdir(folder);
  await appendFile(join(folder, name), '{"n"');
  const { openSegmentLog } = await import('./segment-log.ts');
  const log = await openSegmentLog<number>({ folder, kind: 'outcomes', toLine: String, now: Date.now });
  const acknowledged = told.split('\n').slice(0, -1).length;
  expect(log.segments()[0]?.rows).toBeGreaterThanOrEqual(acknowledged);
  await log.close();
});

test('readers never see a torn line while the segment grows', async () => {
  const folder = await tempDir();
  const { openSegmentLog } = await import('./segment-log.ts');
  const segments = await openSegmentLog<number>({
    folder,
    kind: 'outcomes',
    toLine: (n) => `${JSON.stringify({ n, text: 'x'.repeat(n % 200), check: n * 2 })}\n`,
    now: Date.now,
  });
  const analytics = await openDuckdb();
  const columns = [
    { name: 'n', type: 'integer' },
    { name: 'text', type: 'text' },
    { name: 'check', type: 'integer' },
  ] as const;
  segments.append(0);
  await segments.flush();
  let n = 0;
  for (let round = 0; round < 60; round++) {
    for (let i = 0; i < 300; i++) segments.append(++n);
    const before = segments.segments()[0]?.rows ?? 0;
    const writing = segments.flush();
    const lines = segments.segments().map((segment) => segment.path);
    const { rows } = await analytics.query({
      sql: `select count(*) as seen, count(*) filter (n is null or length(text) <> n % 200 or "check" <> n * 2) as torn from log`,
      tables: { log: { paths: [], lines, columns } },
    });
    expect(rows[0]?.torn).toBe(0);
    expect(rows[0]?.seen).toBeGreaterThanOrEqual(before);
    await writing;
  }
  await segments.close();
  await analytics.close();
});
