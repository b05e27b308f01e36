// From a logged prediction back to the rows that its model learned from, on both databases, over HTTP.
import type { PredictionLineage } from '@tidemill/contract';
import { afterAll, expect, test } from 'vitest';
import { describeEachPlatform } from '../../testing/each-platform.ts';
import { createPricePlatform, symbol, walk } from '../../testing/price-platform.ts';

const days = walk(80);

describeEachPlatform('lineage of a prediction', (database) => {
  const closing: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  test('names revision, model, run, code, training set, values and sources; what was deleted is said to be', async () => {
    const platform = await createPricePlatform({ days, ...(await database()) });
    closing.push(platform.close);
    const { http, services, caller, model, set } = platform;
    const get = async (id: string, query = '') =>
      http.inject({
        url: `/api/v1/predictions/${encodeURIComponent(id)}/lineage${query}`,
        headers: { host: 'localhost' },
      });
    const day = days[40];
    if (!day) throw new Error('no day');
    const [made] = (await platform.predict(day)).predictions;
    await platform.tell(day, 101);
    const reply = await get(made?.id ?? '');
    expect(reply.statusCode).toBe(200);
    const found = reply.json() as PredictionLineage;
    expect(found).toMatchObject({
      endpoint: { uri: 'endpoint:forecast@1', entity: ['symbol'] },
      prediction: { id: made?.id, prediction: made?.value, outcome: 101 },
      rule: null,
      model: { uri: `model:${model}` },
      code: { learner: 'ridge', commit: null },
      trainingSet: {
        uri: set.uri,
        digest: set.digest,
        rows: days.length,
        madeBy: 'upload',
        entityWhere: `"symbol" = '${symbol}'`,
      },
      datasets: [],
      gone: [],
    });
    expect(found.values).toEqual(
      expect.arrayContaining([
        { name: 'close', value: day.close, from: null, status: null, eventTime: null },
      ]),
    );
    expect(found.edges.map(({ from, relation }) => `${from} ${relation}`)).toEqual(
      expect.arrayContaining([`model:${model} served`, `${set.uri} trained`]),
    );
    expect(found.sources).toEqual([`days@1: upload of ndjson by ${caller.actor}`]);
    const rows = await http.inject({
      url: `${found.trainingSet?.entityData}&format=ndjson`,
      headers: { host: 'localhost' },
    });
    expect(rows.body.trim().split('\n')).toHaveLength(days.length);

    await services.endpoints.forceFallback({ name: 'forecast', enabled: true, reason: 'a test' }, caller);
    const [ruled] = (await platform.predict(day)).predictions;
    const byRule = (await get(ruled?.id ?? '', '?endpoint=forecast')).json() as PredictionLineage;
    expect(byRule).toMatchObject({ rule: 'record.close', model: null, trainingSet: null });

    await services.endpoints.delete({ name: 'forecast' }, caller);
    expect((await get(made?.id ?? '')).json()).toMatchObject({ model: { uri: `model:${model}` } });
    expect((await get('prediction_no-0')).json()).toMatchObject({ error: { code: 'predictionNotFound' } });
    expect((await get(made?.id ?? '', '?endpoint=other')).statusCode).toBe(404);
    const elsewhere = services.origins.ofPrediction(
      { id: made?.id ?? '' },
      { ...caller, workspace: 'other' },
    );
    await expect(elsewhere).rejects.toMatchObject({ code: 'predictionNotFound' });
  });
});
