import type { FallbackStep, Variant } from '@tidemill/contract';
import { expect, onTestFinished, test } from 'vitest';
import { systemCaller } from '../../../base/caller.ts';
import { describeEachDatabase, type OpenDatabase } from '../../../testing/each-database.ts';
import { createServingWing, type ServingWing } from '../../../testing/serving-wing.ts';
import { tempDir } from '../../../testing/temp-dir.ts';

const caller = systemCaller('test', 'default');
const record = { ticker: 'AAPL', close: 100 };
const variant = (model: string): Variant => ({ name: 'main', model, weight: 1 });
let number = 0;

async function openWing(open: OpenDatabase): Promise<ServingWing> {
  const wing = await createServingWing(await open(), await tempDir());
  onTestFinished(() => wing.close());
  await wing.addModel('forecaster@1', { inputs: ['close'], weights: [1], intercept: 1 });
  await wing.addModel('forecaster@2', { inputs: ['close'], weights: [2], intercept: 0 });
  // No answer at all: it is beyond what a float holds.
  for (const reference of ['forecaster@3', 'forecaster@4'])
    await wing.addModel(reference, { inputs: ['close'], weights: [3e38], intercept: 0 });
  await wing.addModel('other@1', { inputs: ['volume'], weights: [1], intercept: 0 });
  return wing;
}

describeEachDatabase('what answers when the model cannot', (open) => {
  async function openEndpoint() {
    const wing = await openWing(open);
    const name = `shielded-${number++}`;
    const put = (model: string, fallbacks: FallbackStep[], more: object = {}) =>
      wing.endpoints.put(
        { name, variants: [variant(model)], entity: ['ticker'], fallbacks, ...more },
        caller,
      );
    const ask = () => wing.endpoints.predict({ name, records: [record] }, caller);
    return { ...wing, name, put, ask };
  }

  test('the previous version is pinned, warm, held, and answers; the reply and the log say so', async () => {
    const { put, ask, name, endpoints, predictions, lineage, db } = await openEndpoint();
    const chain: FallbackStep[] = ['previous', { rule: 'record.close' }];
    expect((await put('forecaster@2', chain)).fallbacks).toEqual(chain);
    const pinned = { model: 'forecaster@2', previous: true };
    expect(await put('forecaster@3', chain)).toMatchObject({
      revision: 2,
      fallbacks: [pinned, { rule: 'record.close' }],
    });
    expect(await put('forecaster@3', chain)).toMatchObject({ revision: 2, unchanged: true });
    const reply = await ask();
    expect(reply.fallbackReason).toBe('the model predicted Infinity');
    expect(reply.predictions).toMatchObject([
      { value: 200, model: 'forecaster@2', source: 'fallback', step: 'previous', variant: 'main' },
    ]);
    const { items } = await predictions.list({ name, limit: 10 }, caller);
    expect(items).toMatchObject([
      { model: 'forecaster@2', source: 'fallback', fallbackStep: 'previous', prediction: 200 },
    ]);
    const { runtimes } = await endpoints.get({ name }, caller);
    expect(runtimes).toMatchObject([
      { variant: 'main', model: 'forecaster@3', state: 'ready', breaker: 'closed' },
      { variant: 'fallback 1', model: 'forecaster@2', state: 'ready', breaker: 'closed' },
    ]);
    await expect(lineage.assertUnheld(db, 'default', 'model:forecaster@2')).rejects.toThrow(name);
  });

  test('steps follow one another: what fails, lacks its features or has no answer is passed over', async () => {
    const { put, ask } = await openEndpoint();
    await put('forecaster@3', [
      { model: 'forecaster@4' },
      { model: 'other@1' },
      { rule: 'record.nothing' },
      { value: 7 },
    ]);
    expect((await ask()).predictions).toMatchObject([
      { value: 7, model: 'fallback', source: 'fallback', step: 'value' },
    ]);
    await put('forecaster@3', [{ model: 'forecaster@4' }, { model: 'other@1' }, { rule: 'record.nothing' }]);
    const failed = await ask().catch((error: Error) => error);
    expect(failed).toMatchObject({ code: 'predictionUnavailable', status: 503 });
    expect(String(failed)).toContain('the model predicted Infinity; forecaster@4 failed too');
    expect(String(failed)).toContain("other@1 failed too: Endpoint '");
    expect(String(failed)).toContain('its rule failed too');
  });

  test('by hand it begins at a step, and forgets neither over a release nor a restart', async () => {
    const { put, ask, name, endpoints } = await openEndpoint();
    await put('forecaster@1', [{ model: 'forecaster@2' }, { rule: 'record.close * 3.0' }, { value: 1 }]);
    const force = (step?: number) =>
      endpoints.forceFallback({ name, enabled: true, reason: 'night', ...(step && { step }) }, caller);
    expect(await force()).toMatchObject({ fallbackForced: true, fallbackReason: 'night', fallbackStep: 1 });
    expect(await ask()).toMatchObject({
      fallbackReason: 'switched to forecaster@2: night',
      predictions: [{ value: 200, step: 'model' }],
    });
    await force(2);
    await put('forecaster@1', [{ model: 'forecaster@2' }, { rule: 'record.close * 4.0' }, { value: 1 }]);
    expect(await ask()).toMatchObject({
      fallbackReason: 'switched to the rule: night',
      predictions: [{ value: 400, step: 'rule' }],
    });
    await endpoints.start();
    expect((await ask()).predictions).toMatchObject([{ value: 400 }]);
    await expect(force(4)).rejects.toThrow('it has 3 fallbacks, and no 4');
    await endpoints.forceFallback({ name, enabled: false, reason: 'day' }, caller);
    expect(await ask()).toMatchObject({ fallbackReason: null, predictions: [{ value: 101 }] });
  });

  test.each<[FallbackStep[], object, string]>([
    [[{ value: 1 }, { rule: '1.0' }], {}, 'nothing can follow the constant 1'],
    [['previous', 'previous'], {}, 'previous twice'],
    [[{ rule: '1.0' }], { fallback: '2.0' }, 'the short form'],
    [[{ rule: 'nobody' }], {}, "reads 'nobody'"],
  ])('%j is refused', async (fallbacks, more, problem) => {
    const { put } = await openEndpoint();
    await expect(put('forecaster@1', fallbacks, more)).rejects.toThrow(problem);
  });

  test('tensors are answered by the chain, too', async () => {
    const { put, name, endpoints } = await openEndpoint();
    const inputs = [{ name: 'x', datatype: 'FP32', shape: [2, 1], data: Float32Array.of(100, 50) }] as const;
    await put('forecaster@3', [{ model: 'forecaster@2' }]);
    const reply = await endpoints.infer({ name, inputs }, caller);
    expect(reply).toMatchObject({ source: 'fallback', step: 'model' });
    expect(Array.from(reply.outputs[0]?.data as Float32Array)).toEqual([200, 100]);
    await put('forecaster@3', [{ value: 5 }]);
    const constant = await endpoints.infer({ name, inputs }, caller);
    expect(constant).toMatchObject({ step: 'value', fallbackReason: expect.stringContaining('Infinity') });
    expect(Array.from(constant.outputs[0]?.data as Float64Array)).toEqual([5, 5]);
  });

  test('what is beyond its bound is refused at once, with the seconds to wait; nothing is left over', async () => {
    const { put, ask, name, endpoints } = await openEndpoint();
    await put('forecaster@1', [], { maxQueue: 3 });
    const all = await Promise.allSettled(Array.from({ length: 6 }, ask));
    expect(all.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected', 'rejected'],
    ]);
    expect(all[5]).toMatchObject({
      reason: { code: 'endpointBusy', status: 429, details: { retryAfterSeconds: 1 } },
    });
    expect((await endpoints.get({ name }, caller)).queue).toMatchObject({ underWay: 0, refused: 4 });
    await expect(ask()).resolves.toMatchObject({ fallbackReason: null });
  });
});
