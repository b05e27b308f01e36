import { rm } from 'node:fs/promises';
import type { Variant } from '@tidemill/contract';
import { expect, onTestFinished, test } from 'vitest';
import { transact } from '../../adapters/db/db.ts';
import { systemCaller } from '../../base/caller.ts';
import { describeEachDatabase, type OpenDatabase } from '../../testing/each-database.ts';
import { createServingWing, type ServingWing } from '../../testing/serving-wing.ts';
import { tempDir } from '../../testing/temp-dir.ts';

const caller = systemCaller('test', 'default');
const eventTime = Date.parse('2023-09-01T00:00:00Z');
const plusOne = { inputs: ['close'], weights: [1], intercept: 1 };
const double = { inputs: ['close'], weights: [2], intercept: 0 };
const main: Variant = { name: 'main', model: 'forecaster@1', weight: 1 };
const shadow: Variant = { name: 'candidate', model: 'forecaster@2', weight: 0, shadow: true };
const definition = { variants: [main], entity: ['ticker'], fallback: 'record.close', reason: 'test' };
const record = { ticker: 'AAPL', close: 100 };

let number = 0;
/** The suite's database is shared, so each test has an endpoint of its own. */
const newName = () => `forecast-${number++}`;

async function openWing(open: OpenDatabase): Promise<ServingWing> {
  const wing = await createServingWing(await open(), await tempDir());
  onTestFinished(() => wing.close());
  await wing.addModel('forecaster@1', plusOne);
  await wing.addModel('forecaster@2', double);
  return wing;
}

const listOf = async ({ predictions }: ServingWing, name: string) =>
  (await predictions.list({ name, limit: 1000 }, caller)).items;

describeEachDatabase('endpoints', (open) => {
  test('a put makes an immutable revision live; the same again changes nothing', async () => {
    const { endpoints } = await openWing(open);
    const name = newName();
    const first = await endpoints.put({ name, ...definition }, caller);
    expect(first).toMatchObject({ revision: 1, live: true, unchanged: false, uri: `endpoint:${name}@1` });
    expect(await endpoints.put({ name, ...definition }, caller)).toMatchObject({
      revision: 1,
      unchanged: true,
    });
    const second = await endpoints.put({ name, ...definition, timeoutMs: 50 }, caller);
    expect(second).toMatchObject({ revision: 2, unchanged: false });
    const { items } = await endpoints.listRevisions({ name, limit: 1 }, caller);
    expect(items).toMatchObject([{ revision: 2, live: true }]);
    expect((await endpoints.list({}, caller)).items.map((item) => item.endpoint)).toContain(name);
    expect((await endpoints.get({ name }, caller)).runtimes).toMatchObject([
      { kind: 'onnx', state: 'ready' },
    ]);
  });

  test('an endpoint without a log answers and keeps nothing; with one again it does', async () => {
    const wing = await openWing(open);
    const name = newName();
    const question = { name, records: [record], eventTime };
    await wing.endpoints.put({ name, ...definition, log: 'off' }, caller);
    expect((await wing.endpoints.predict(question, caller)).predictions).toMatchObject([{ value: 101 }]);
    expect(await listOf(wing, name)).toEqual([]);
    await wing.endpoints.put({ name, ...definition, log: 'sync' }, caller);
    await wing.endpoints.predict(question, caller);
    expect(await listOf(wing, name)).toHaveLength(1);
  });

  test('what was deleted since it was looked up is not served, and the old revision stays live', async () => {
    const { endpoints, lineage, db } = await openWing(open);
    const name = newName();
    await endpoints.put({ name, ...definition }, caller);
    const { workspace } = caller;
    const uri = 'model:forecaster@2';
    const node = { workspace, uri, kind: 'model', digest: null, location: null };
    const next = { name, ...definition, variants: [{ ...main, model: 'forecaster@2' }] };
    await transact(db, async (tx) => {
      await lineage.recordNode(tx, node);
      await lineage.deleteNodes(tx, workspace, [uri]);
    });
    await expect(endpoints.put(next, caller)).rejects.toMatchObject({
      code: 'usedGone',
      details: { what: uri, user: `endpoint:${name}` },
    });
    const reply = await endpoints.predict({ name, records: [record], eventTime }, caller);
    expect(reply).toMatchObject({ revision: 1, predictions: [{ value: 101 }] });
    await transact(db, (tx) => lineage.recordNode(tx, node));
    await expect(endpoints.put(next, caller)).resolves.toMatchObject({ revision: 2 });
  });

  test('a prediction has id, variant, model and times, and is logged', async () => {
    const wing = await openWing(open);
    const name = newName();
    await wing.endpoints.put({ name, ...definition }, caller);
    const input = { name, records: [record, { ticker: 'MSFT', close: 250.1 }], eventTime };
    const reply = await wing.endpoints.predict(input, caller);
    expect(reply).toMatchObject({ endpoint: name, revision: 1, fallbackReason: null });
    expect(reply.predictions).toEqual([
      {
        id: expect.any(String),
        value: 101,
        variant: 'main',
        model: 'forecaster@1',
        source: 'model',
        warnings: [],
      },
      expect.objectContaining({ warnings: ['close 250.1 is above the training maximum 200'] }),
    ]);
    expect(reply.milliseconds.total).toBeGreaterThanOrEqual(reply.milliseconds.inference);
    const logged = await listOf(wing, name);
    expect(logged.map((item) => [item.id, item.key, item.features])).toEqual(
      expect.arrayContaining([[reply.predictions[0]?.id, '["AAPL"]', { close: 100 }]]),
    );
  });

  test.each([
    [{ ticker: 'AAPL' }, 'it is missing'],
    [{ ticker: 'AAPL', close: null }, 'it is missing'],
    [{ ticker: 'AAPL', close: 'high' }, '"high" is not a number'],
    [{ ticker: 'AAPL', close: 1e300 }, 'does not fit'],
    [{ ticker: 'AAPL', close: Number.NaN }, 'it is NaN'],
  ])('%j is refused, naming record, feature and remedy', async (bad, problem) => {
    const wing = await openWing(open);
    const { endpoints } = wing;
    const name = newName();
    await endpoints.put({ name, ...definition }, caller);
    const sent = endpoints.predict({ name, records: [record, bad] }, caller);
    await expect(sent).rejects.toMatchObject({
      code: 'featureInvalid',
      status: 400,
      details: { record: 1, feature: 'close' },
    });
    await expect(sent).rejects.toThrow(problem);
    // Who was refused is in the log, as one line that is no prediction.
    expect(await listOf(wing, name)).toMatchObject([
      {
        ...{ status: 'refused', prediction: null, rows: 2, caller: caller.actor },
        error: expect.stringMatching(/^featureInvalid: /),
      },
    ]);
  });

  test('a request sent again with its key is answered once and logged once; too many records are refused', async () => {
    const wing = await openWing(open);
    const name = newName();
    await wing.endpoints.put({ name, ...definition }, caller);
    const input = { name, records: [record], eventTime, idempotencyKey: 'order-1' };
    const replies = await Promise.all([1, 2, 3].map(() => wing.endpoints.predict(input, caller)));
    replies.push(await wing.endpoints.predict(input, caller));
    expect(new Set(replies.map(({ predictions }) => predictions[0]?.id)).size).toBe(1);
    // Also with the time that is left, and after the first has gone.
    const patience = { timeoutMs: 500, isGone: () => true };
    const again = await wing.endpoints.predict(input, caller, { patience });
    expect(again.predictions[0]?.id).toBe(replies[0]?.predictions[0]?.id);
    const lasting = await wing.endpoints.predict({ ...input, idempotencyKey: 'order-2' }, caller, {
      patience,
    });
    expect(lasting.predictions).toMatchObject([{ source: 'model' }]);
    expect(await listOf(wing, name)).toHaveLength(2);
    const other = { ...input, records: [{ ...record, close: 101 }] };
    await expect(wing.endpoints.predict(other, caller)).rejects.toMatchObject({
      code: 'idempotencyKeyReused',
    });
    const many = { name, records: new Array(1001).fill(record), eventTime };
    await expect(wing.endpoints.predict(many, caller)).rejects.toMatchObject({
      ...{ code: 'recordsTooMany', status: 413 },
      message: expect.stringContaining('at most 1000'),
    });
  });

  test('tensors go the same way: split, warnings, rule, log and shadows', async () => {
    const wing = await openWing(open);
    const name = newName();
    const variants = [main, shadow];
    await wing.endpoints.put({ name, ...definition, variants, fallback: '-1.0' }, caller);
    const rows = { name: 'x', datatype: 'FP32' as const, shape: [2, 1], data: Float32Array.of(100, 300) };
    const reply = await wing.endpoints.infer({ name, requestId: 'r1', inputs: [rows] }, caller);
    expect(reply).toMatchObject({
      ...{ endpoint: name, id: 'r1', modelVersion: '1', variant: 'main', source: 'model', revision: 1 },
      warnings: ['row 1: close 300 is above the training maximum 200'],
    });
    expect(reply.outputs).toMatchObject([{ datatype: 'FP32' }]);
    expect(Array.from(reply.outputs[0]?.data as Float32Array)).toEqual([101, 301]);

    const doubles = { ...rows, datatype: 'FP64' as const, data: Float64Array.of(1, 2) };
    const asked = await wing.endpoints.infer({ name, version: '2', inputs: [doubles] }, caller);
    expect(asked).toMatchObject({ modelVersion: '2', variant: 'candidate' });
    expect(Array.from(asked.outputs[0]?.data as Float32Array)).toEqual([2, 4]);
    await expect(wing.endpoints.infer({ name, version: '7', inputs: [rows] }, caller)).rejects.toMatchObject({
      code: 'endpointVersionNotFound',
      details: { version: '7', live: '1, 2' },
    });

    await wing.endpoints.settled();
    const logged = (await listOf(wing, name)).filter(({ id }) => id.startsWith('r1'));
    expect(logged.map(({ id, role, prediction, features }) => [id, role, prediction, features])).toEqual(
      expect.arrayContaining([
        ['r1-0', 'live', 101, { close: 100 }],
        ['r1-1', 'live', 301, { close: 300 }],
        ['r1~candidate-0', 'shadow', 200, { close: 100 }],
        ['r1~candidate-1', 'shadow', 600, { close: 300 }],
      ]),
    );
    expect(await wing.endpoints.describe({ name }, caller)).toMatchObject({
      inputs: [{ datatype: 'FP32', shape: [-1, 1] }],
      columns: [{ name: 'close', type: 'double' }],
      versions: ['1', '2'],
      isReady: true,
    });

    await wing.endpoints.forceFallback({ name, enabled: true, reason: 'night' }, caller);
    const ruled = await wing.endpoints.infer({ name, inputs: [rows] }, caller);
    expect(ruled).toMatchObject({ source: 'fallback', fallbackReason: 'switched to the rule: night' });
    expect(Array.from(ruled.outputs[0]?.data as Float64Array)).toEqual([-1, -1]);
  });

  test('a large table is one line of the log', async () => {
    const wing = await openWing(open);
    const name = newName();
    await wing.endpoints.put({ name, ...definition }, caller);
    const data = new Float32Array(5000).fill(1);
    const inputs = [{ name: 'x', datatype: 'FP32' as const, shape: [5000, 1], data }];
    const reply = await wing.endpoints.infer({ name, inputs }, caller);
    expect(reply.outputs[0]?.data).toHaveLength(5000);
    expect(await listOf(wing, name)).toMatchObject([
      { prediction: null, rows: 5000, features: { '@inputs': 'x FP32[5000,1]' } },
    ]);
  });

  test('a record that has several faults is told all of them', async () => {
    const wing = await openWing(open);
    const name = newName();
    await wing.addModel('wide@1', { inputs: ['open', 'close', 'volume'], weights: [1, 1, 1], intercept: 0 });
    await wing.endpoints.put({ name, ...definition, variants: [{ ...main, model: 'wide@1' }] }, caller);
    const bad = { ticker: 'AAPL', open: 'high', close: 1 };
    const sent = wing.endpoints.predict({ name, records: [bad] }, caller);
    await expect(sent).rejects.toThrow(
      "feature 'open': \"high\" is not a number; feature 'volume': it is missing",
    );
    await expect(sent).rejects.toMatchObject({
      details: { fields: [{ name: 'open', found: '"high"', expected: 'number' }, { name: 'volume' }] },
    });
  });

  test('traffic is split by entity and event time, and a shadow predicts what its model did not answer', async () => {
    const wing = await openWing(open);
    const name = newName();
    const half = (variant: string, model: string): Variant => ({ name: variant, model, weight: 0.5 });
    const variants = [half('a', 'forecaster@1'), half('b', 'forecaster@2'), shadow];
    await wing.endpoints.put({ name, ...definition, variants }, caller);
    const records = Array.from({ length: 200 }, (_, i) => ({ ticker: `T${i}`, close: i }));
    const first = await wing.endpoints.predict({ name, records, eventTime }, caller);
    const again = await wing.endpoints.predict({ name, records, eventTime }, caller);
    const variantsOf = (reply: typeof first) => reply.predictions.map((prediction) => prediction.variant);
    expect(variantsOf(again)).toEqual(variantsOf(first));
    first.predictions.forEach((prediction, i) => {
      expect(prediction.value).toBe(prediction.variant === 'a' ? i + 1 : i * 2);
    });
    await wing.endpoints.settled();
    const logged = await listOf(wing, name);
    const a = variantsOf(first).filter((variant) => variant === 'a').length;
    expect(logged.filter((item) => item.role === 'shadow')).toHaveLength(2 * a);
    expect(logged.filter((item) => item.role === 'live')).toHaveLength(400);
    const shadowed = logged.find((item) => item.role === 'shadow');
    expect(shadowed?.prediction).toBe(Number(shadowed?.features.close) * 2);
  });

  test('the rule answers when switched to, and models again afterwards', async () => {
    const wing = await openWing(open);
    const name = newName();
    await wing.endpoints.put({ name, ...definition }, caller);
    const status = await wing.endpoints.forceFallback({ name, enabled: true, reason: 'night' }, caller);
    expect(status).toMatchObject({ fallbackForced: true, fallbackReason: 'night' });
    const ruled = await wing.endpoints.predict({ name, records: [record] }, caller);
    expect(ruled).toMatchObject({ fallbackReason: 'switched to the rule: night' });
    expect(ruled.predictions[0]).toMatchObject({ value: 100, model: 'fallback', source: 'fallback' });
    await wing.endpoints.forceFallback({ name, enabled: false, reason: 'day' }, caller);
    expect((await wing.endpoints.predict({ name, records: [record] }, caller)).predictions[0]?.value).toBe(
      101,
    );
  });

  test('a model that predicts no number gets the rule, or a 503 where there is none', async () => {
    const wing = await openWing(open);
    await wing.addModel('broken@1', { ...plusOne, intercept: Number.NaN });
    const variants = [{ ...main, model: 'broken@1' }];
    const name = newName();
    await wing.endpoints.put({ name, ...definition, variants }, caller);
    const ruled = await wing.endpoints.predict({ name, records: [record] }, caller);
    expect(ruled).toMatchObject({ fallbackReason: 'the model predicted NaN', predictions: [{ value: 100 }] });
    const bare = newName();
    await wing.endpoints.put({ name: bare, variants, entity: ['ticker'] }, caller);
    const sent = wing.endpoints.predict({ name: bare, records: [record] }, caller);
    await expect(sent).rejects.toMatchObject({ code: 'predictionUnavailable', status: 503 });
    const switched = wing.endpoints.forceFallback({ name: bare, enabled: true, reason: 'x' }, caller);
    await expect(switched).rejects.toMatchObject({ code: 'endpointDefinitionInvalid' });
  });

  test('online features feed the model; an entity without them gets the rule, or an error where there is none', async () => {
    const wing = await openWing(open);
    const name = newName();
    wing.addView('stats@1', ['ticker']);
    wing.online.set('stats@1 ["AAPL"]', { eventTime, values: { close: 7 } });
    const variants = [{ ...main, view: 'stats@1' }];
    await wing.endpoints.put({ name, ...definition, variants, fallback: '42.0' }, caller);
    const records = [{ ticker: 'AAPL' }, { ticker: 'NONE' }];
    const reply = await wing.endpoints.predict({ name, records }, caller);
    expect(reply.predictions.map(({ value, source }) => [value, source])).toEqual([
      [8, 'model'],
      [42, 'fallback'],
    ]);
    expect(reply.fallbackReason).toBe('view stats@1 has no online values for ["NONE"]');
    const blind = newName();
    await wing.endpoints.put({ name: blind, ...definition, variants, fallback: 'features.close' }, caller);
    const both = wing.endpoints.predict({ name: blind, records }, caller);
    await expect(both).rejects.toMatchObject({ code: 'predictionUnavailable', status: 503 });
    await expect(both).rejects.toThrow(
      /; its rule failed too: .*Check it against the values it gets\. Try again/,
    );
    const bare = newName();
    await wing.endpoints.put({ name: bare, variants, entity: ['ticker'] }, caller);
    const sent = wing.endpoints.predict({ name: bare, records }, caller);
    await expect(sent).rejects.toMatchObject({
      code: 'featuresUnavailable',
      status: 503,
      details: { record: 1 },
    });
  });

  test('a rollback makes an earlier revision live again, alias and holds with it', async () => {
    const wing = await openWing(open);
    const name = newName();
    await wing.endpoints.put({ name, ...definition, alias: 'champion' }, caller);
    const variants = [{ ...main, model: 'forecaster@2' }];
    await wing.endpoints.put({ name, ...definition, variants, alias: 'champion' }, caller);
    expect(wing.aliases.get('forecaster@champion')).toBe(2);
    expect((await wing.endpoints.predict({ name, records: [record] }, caller)).predictions[0]?.value).toBe(
      200,
    );
    const revision = await wing.endpoints.rollback({ name, reason: 'worse' }, caller);
    expect(revision).toMatchObject({ revision: 3, variants: [{ model: 'forecaster@1' }] });
    expect(wing.aliases.get('forecaster@champion')).toBe(1);
    const told = (await wing.events.listAfter(0, 1000)).filter(
      ({ kind, payload }) => kind === 'model.aliasSet' && payload.endpoint === name,
    );
    const moved = { name: 'forecaster', alias: 'champion' };
    expect(told.map(({ payload }) => payload)).toMatchObject([
      { ...moved, version: '1', previous: null },
      { ...moved, version: '2', previous: 1 },
      { ...moved, version: '1', previous: 2 },
    ]);
    expect((await wing.endpoints.predict({ name, records: [record] }, caller)).predictions[0]?.value).toBe(
      101,
    );
    const unknown = wing.endpoints.rollback({ name, revision: 9, reason: 'x' }, caller);
    await expect(unknown).rejects.toMatchObject({ code: 'endpointRevisionNotFound' });
  });

  test('under load no request misses a revision while revisions change', async () => {
    const wing = await openWing(open);
    const name = newName();
    await wing.endpoints.put({ name, ...definition }, caller);
    let isDone = false;
    const load = Array.from({ length: 8 }, async () => {
      let answered = 0;
      while (!isDone) {
        const { predictions } = await wing.endpoints.predict({ name, records: [record] }, caller);
        expect(predictions[0]?.value).toBe(predictions[0]?.model === 'forecaster@1' ? 101 : 200);
        expect(predictions[0]?.source).toBe('model');
        answered++;
      }
      return answered;
    });
    for (let i = 0; i < 6; i++) {
      const model = i % 2 === 0 ? 'forecaster@2' : 'forecaster@1';
      const change = (live: { variants: Variant[] }) => ({ ...live, variants: [{ ...main, model }] });
      await wing.endpoints.release({ endpoint: name, change: change as never, reason: 'swap' }, caller);
    }
    isDone = true;
    expect((await Promise.all(load)).every((answered) => answered > 0)).toBe(true);
  });

  test.each([
    [{ variants: [shadow] }, 'every variant is a shadow'],
    [{ variants: [{ ...main, weight: 0.5 }] }, 'add up to 0.5'],
    [{ variants: [main, { ...shadow, name: 'main' }] }, "two variants are called 'main'"],
    [{ fallback: 'price * 2.0' }, "reads 'price'"],
  ])('%j is refused', async (change, problem) => {
    const { endpoints } = await openWing(open);
    const put = endpoints.put({ name: newName(), ...definition, ...change }, caller);
    await expect(put).rejects.toMatchObject({ code: 'endpointDefinitionInvalid' });
    await expect(put).rejects.toThrow(problem);
  });

  test('a version that may not be released changes nothing', async () => {
    const wing = await openWing(open);
    const name = newName();
    wing.refused.add('model:forecaster@2');
    await wing.endpoints.put({ name, ...definition }, caller);
    const put = wing.endpoints.put({ name, ...definition, variants: [main, shadow] }, caller);
    await expect(put).rejects.toThrow('not approved');
    expect((await wing.endpoints.get({ name }, caller)).live.revision).toBe(1);
    expect((await wing.endpoints.get({ name }, caller)).runtimes).toHaveLength(1);
  });

  test('a deleted endpoint answers nothing, keeps its log, and goes on counting when made again', async () => {
    const wing = await openWing(open);
    const name = newName();
    await wing.endpoints.put({ name, ...definition }, caller);
    await wing.endpoints.predict({ name, records: [record] }, caller);
    await wing.endpoints.delete({ name }, caller);
    const sent = wing.endpoints.predict({ name, records: [record] }, caller);
    await expect(sent).rejects.toMatchObject({ code: 'endpointNotFound' });
    expect(await listOf(wing, name)).toHaveLength(1);
    expect(await wing.endpoints.put({ name, ...definition }, caller)).toMatchObject({ revision: 2 });
  });

  test('log: sync has the line in the file before the reply', async () => {
    const wing = await openWing(open);
    const name = newName();
    await wing.endpoints.put({ name, ...definition, log: 'sync' }, caller);
    await wing.endpoints.predict({ name, records: [record] }, caller);
    expect((await (await wing.predictions.openLog('default', name)).counts()).predictions).toBe(1);
  });
});

describeEachDatabase('endpoints over a restart', (open) => {
  test('what was live is live again; a model that is gone leaves the rule to answer and says why', async () => {
    const folder = await tempDir();
    const before = await createServingWing(await open(), folder);
    await before.addModel('forecaster@1', plusOne);
    await before.addModel('forecaster@2', double);
    await before.endpoints.put({ name: 'kept', ...definition }, caller);
    await before.endpoints.put(
      { name: 'lost', ...definition, variants: [{ ...main, model: 'forecaster@2' }] },
      caller,
    );
    await before.endpoints.forceFallback({ name: 'kept', enabled: true, reason: 'night' }, caller);
    await before.close();
    await rm(`${folder}/forecaster@2.onnx`);

    const after = await createServingWing(await open(), folder);
    onTestFinished(() => after.close());
    await after.addModel('forecaster@1', plusOne);
    await after.endpoints.stop();
    await after.endpoints.start();
    const kept = await after.endpoints.predict({ name: 'kept', records: [record] }, caller);
    expect(kept.fallbackReason).toBe('switched to the rule: night');
    const lost = await after.endpoints.predict({ name: 'lost', records: [record] }, caller);
    expect(lost.predictions[0]).toMatchObject({ value: 100, source: 'fallback' });
    expect(lost.fallbackReason).toContain('model forecaster@2 is not loaded');
    expect((await after.endpoints.get({ name: 'lost' }, caller)).runtimes).toMatchObject([{ state: 'dead' }]);
  });
});

describeEachDatabase('endpoints with a child process', (open) => {
  test('a killed child leaves the rule to answer under load; then the model answers again', async () => {
    const wing = await openWing(open);
    const name = newName();
    await wing.endpoints.put({ name, ...definition, isolation: 'child-process' }, caller);
    const predict = () => wing.endpoints.predict({ name, records: [record] }, caller);
    expect((await predict()).predictions[0]?.source).toBe('model');
    const [runtime] = (await wing.endpoints.get({ name }, caller)).runtimes;
    const reasons: (string | null)[] = [];
    let isKilled = false;
    let isBack = false;
    const load = Array.from({ length: 4 }, async () => {
      while (!isBack) {
        const reply = await predict();
        reasons.push(reply.fallbackReason);
        expect(reply.predictions[0]?.value).toBe(reply.predictions[0]?.source === 'model' ? 101 : 100);
        isBack = isKilled && reasons.some((reason) => reason !== null) && reply.fallbackReason === null;
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    process.kill(runtime?.pid ?? Number.NaN, 'SIGKILL');
    isKilled = true;
    await Promise.all(load);
    expect(reasons.find((reason) => reason !== null)).toContain('runtime unavailable');
    const [restarted] = (await wing.endpoints.get({ name }, caller)).runtimes;
    expect(restarted).toMatchObject({ kind: 'onnx-process', state: 'ready', restarts: 1 });
    expect(restarted?.pid).not.toBe(runtime?.pid);
  });
});
