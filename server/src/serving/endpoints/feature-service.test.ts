import type { FeatureService } from '@tidemill/contract';
import { expect, onTestFinished, test } from 'vitest';
import { openRedisOnline } from '../../adapters/online/redis.ts';
import type { Caller } from '../../base/caller.ts';
import { describeEachDatabase, type OpenDatabase } from '../../testing/each-database.ts';
import { createServingWing } from '../../testing/serving-wing.ts';
import { tempDir } from '../../testing/temp-dir.ts';

const caller: Caller = { actor: 'user:owner', role: 'admin', workspace: 'default' };
const service: FeatureService = {
  workspace: 'default',
  ...{ name: 'pricing', version: 1, reference: 'pricing@1', uri: 'service:pricing@1' },
  ...{ description: '', owner: '', tags: {}, createdAt: 0, createdBy: 'user:owner' },
  features: ['stats', 'costs:cost'],
  request: [{ name: 'amount', type: 'double' }],
  onDemand: [{ name: 'total', type: 'double', expression: 'amount * cost' }],
  views: [
    { reference: 'stats@1', features: [{ name: 'close', as: 'close', type: 'double' }] },
    { reference: 'costs@1', features: [{ name: 'cost', as: 'cost', type: 'double' }] },
  ],
  joinKeys: [{ name: 'ticker', type: 'text' }],
  outputs: [
    { name: 'close', type: 'double' },
    { name: 'cost', type: 'double' },
    { name: 'total', type: 'double' },
  ],
};
const eventTime = Date.UTC(2025, 0, 2);
const at = eventTime * 1000;

describeEachDatabase('an endpoint that names a feature service', (open) => {
  async function openWing(openDatabase: OpenDatabase) {
    const wing = await createServingWing(await openDatabase(), await tempDir());
    onTestFinished(() => wing.close());
    await wing.addModel('linear@1', { inputs: ['close', 'total'], weights: [1, 10], intercept: 0 });
    for (const [name, feature] of [
      ['stats@1', 'close'],
      ['costs@1', 'cost'],
    ] as const) {
      wing.addView(name, ['ticker']);
      const view = wing.views.get(name);
      if (view)
        wing.views.set(name, {
          ...view,
          ttl: '7d',
          joinKeys: service.joinKeys,
          features: [{ name: feature, type: 'double' }],
        });
    }
    wing.services.set('pricing@1', service);
    await wing.store.current.write('default/stats@1', [
      { key: '["AAPL"]', eventTime: at, values: '[5]' },
      { key: '["OLD"]', eventTime: at - 8 * 86_400_000_000, values: '[5]' },
    ]);
    await wing.store.current.write('default/costs@1', [
      { key: '["AAPL"]', eventTime: at, values: '[2]' },
      { key: '["OLD"]', eventTime: at, values: '[2]' },
    ]);
    return wing;
  }
  const variants = [{ name: 'main', model: 'linear@1', weight: 1, service: 'pricing@1' }];
  const definition = { variants, entity: ['ticker'], fallback: '-1.0' };
  let names = 0;
  const newName = () => `priced-${names++}`;

  test('looks the features up by the keys of the record, and logs what it used', async () => {
    const wing = await openWing(open);
    const name = newName();
    const revision = await wing.endpoints.put({ name, ...definition }, caller);
    expect(revision.variants).toEqual(variants);
    const records = [{ ticker: 'AAPL', amount: 3 }];
    const reply = await wing.endpoints.predict({ name, records, eventTime }, caller);
    expect(reply).toMatchObject({ fallbackReason: null, predictions: [{ value: 65, source: 'model' }] });
    const { items } = await wing.predictions.list({ name }, caller);
    expect(items).toMatchObject([
      {
        features: { close: 5, total: 6 },
        online: {
          service: 'pricing@1',
          values: [5, 2, 6],
          statuses: ['PRESENT', 'PRESENT', 'PRESENT'],
          eventTimes: [eventTime, eventTime, null],
        },
      },
    ]);
    expect(Object.keys(items[0]?.features ?? {})).toEqual(['close', 'total']);
  });

  test('answers by its rule where a value is missing or too old, and says which', async () => {
    const wing = await openWing(open);
    const name = newName();
    await wing.endpoints.put({ name, ...definition }, caller);
    const ask = (ticker: string) =>
      wing.endpoints.predict({ name, records: [{ ticker, amount: 3 }], eventTime }, caller);
    expect(await ask('OLD')).toMatchObject({
      fallbackReason: "service pricing@1 lacks 'close': OUTSIDE_MAX_AGE",
      predictions: [{ value: -1, source: 'fallback' }],
    });
    expect(await ask('NONE')).toMatchObject({ fallbackReason: "service pricing@1 lacks 'close': NOT_FOUND" });
    const { items } = await wing.predictions.list({ name }, caller);
    expect(items[0]?.online?.statuses).toHaveLength(3);
    const wrong = wing.endpoints.predict({ name, records: [{ ticker: 5, amount: 3 }] }, caller);
    await expect(wrong).rejects.toMatchObject({ code: 'entityKeyInvalid', status: 400 });
  });

  test('counts a record that it refuses among all of the request, whichever variant has it', async () => {
    const wing = await openWing(open);
    const name = newName();
    const halves = ['left', 'right'].map((half) => ({
      ...variants[0],
      model: 'linear@1',
      name: half,
      weight: 0.5,
    }));
    await wing.endpoints.put({ name, ...definition, variants: halves }, caller);
    const records = Array.from({ length: 12 }, (_, i) => ({ ticker: i === 9 ? 5 : `T${i}`, amount: 3 }));
    await expect(wing.endpoints.predict({ name, records, eventTime }, caller)).rejects.toMatchObject({
      code: 'entityKeyInvalid',
      details: { record: 9, column: 'ticker' },
    });
    const nobody = records.map(({ amount }, i) => ({ ticker: i === 7 ? null : `T${i}`, amount }));
    await expect(wing.endpoints.predict({ name, records: nobody, eventTime }, caller)).rejects.toThrow(
      /Record 7, counted from 0, names no entity: 'ticker' is missing/,
    );
  });

  test('answers by its rule at once when the online store is down, and without one says 503', async () => {
    const wing = await openWing(open);
    const name = newName();
    const bare = newName();
    await wing.endpoints.put({ name, ...definition }, caller);
    await wing.endpoints.put({ name: bare, variants, entity: ['ticker'] }, caller);
    await wing.store.current.close();
    wing.store.current = await openRedisOnline({ url: 'redis://127.0.0.1:1', prefix: 'x' });
    const records = [{ ticker: 'AAPL', amount: 3 }];
    const begun = performance.now();
    const reply = await wing.endpoints.predict({ name, records }, caller);
    expect(performance.now() - begun).toBeLessThan(500);
    expect(reply.predictions).toMatchObject([{ value: -1, source: 'fallback' }]);
    expect(reply.fallbackReason).toMatch(
      /service pricing@1 cannot be read: The online store at redis:\/\/127\.0\.0\.1:1/,
    );
    await expect(wing.endpoints.predict({ name: bare, records }, caller)).rejects.toMatchObject({
      code: 'featuresUnavailable',
      status: 503,
    });
  });

  test('tensors are told what answered, and a shadow speaks for itself', async () => {
    const wing = await openWing(open);
    const name = newName();
    await wing.addModel('other@1', { inputs: ['close', 'total'], weights: [1, 10], intercept: 1 });
    const shadow = { name: 'watcher', model: 'other@1', weight: 0, shadow: true, service: 'pricing@1' };
    await wing.endpoints.put({ name, ...definition, variants: [...variants, shadow] }, caller);
    for (const [view, values] of [
      ['stats@1', '[5]'],
      ['costs@1', '[2]'],
    ] as const)
      await wing.store.current.write(`default/${view}`, [
        { key: '["AAPL"]', eventTime: Date.now() * 1000, values },
      ]);
    const ask = (ticker: string) =>
      wing.endpoints.infer(
        {
          name,
          inputs: [
            { name: 'ticker', datatype: 'BYTES', shape: [1], data: [ticker] },
            { name: 'amount', datatype: 'FP64', shape: [1], data: Float64Array.of(3) },
          ],
        },
        caller,
      );
    const answered = await ask('AAPL');
    expect([answered.source, Array.from(answered.outputs[0]?.data as Float64Array)]).toEqual(['model', [65]]);
    const stood = await ask('OLD');
    expect([stood.source, stood.step, Array.from(stood.outputs[0]?.data as Float64Array)]).toEqual([
      ...['fallback', 'rule'],
      [-1],
    ]);
    expect(stood.fallbackReason).toMatch(/close/);
    await wing.endpoints.settled();
    const { items } = await wing.predictions.list({ name }, caller);
    expect(
      items
        .filter(({ role }) => role === 'live')
        .map(({ source }) => source)
        .sort(),
    ).toEqual([...['fallback', 'model']]);
    expect(
      items
        .filter(({ role }) => role === 'shadow')
        .map(({ prediction }) => prediction)
        .sort(),
    ).toEqual([66, null]);
    await wing.endpoints.forceFallback({ name, enabled: true, reason: 'by hand' }, caller);
    expect((await ask('AAPL')).source).toBe('fallback');
  });

  test('names a view or a service, not both, and one that there is', async () => {
    const wing = await openWing(open);
    const both = [{ ...variants[0], name: 'main', model: 'linear@1', weight: 1, view: 'stats@1' }];
    await expect(
      wing.endpoints.put({ name: newName(), ...definition, variants: both }, caller),
    ).rejects.toThrow(/reads a view and a service/);
    const unknown = [{ name: 'main', model: 'linear@1', weight: 1, service: 'nope@1' }];
    await expect(
      wing.endpoints.put({ name: newName(), ...definition, variants: unknown }, caller),
    ).rejects.toThrow(/no such service/);
  });
});
