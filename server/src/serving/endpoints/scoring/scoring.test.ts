import { expect, onTestFinished, test } from 'vitest';
import { systemCaller } from '../../../base/caller.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';
import { createServingWing } from '../../../testing/serving-wing.ts';
import { tempDir } from '../../../testing/temp-dir.ts';
import { score } from './scoring.ts';
import { readScoringJson } from './scoring-input.ts';

const caller = systemCaller('test', 'default');
const entity = ['ticker'];

describeEachDatabase('scoring', (open) => {
  test('a model of tensors is asked in tensors, and the rule that answers in its place says so', async () => {
    const wing = await createServingWing(await open(), await tempDir());
    onTestFinished(() => wing.close());
    const version = await wing.addModel('sums@1', { inputs: ['a', 'b'], weights: [1, 10], intercept: 0 });
    // Without a signature of named columns, as a network's often is.
    version.inputs.length = 0;
    const variants = [{ name: 'main', model: 'sums@1', weight: 1 }];
    await wing.endpoints.put({ name: 'sums', variants, entity, fallback: '7.0' }, caller);
    const ask = (body: unknown, idempotencyKey?: string) =>
      score(wing.endpoints, { name: 'sums', data: readScoringJson(body).data, idempotencyKey }, caller);
    const said = await ask({
      inputs: [
        [1, 2],
        [3, 4],
      ],
    });
    expect((said.predictions as number[]).flat()).toEqual([21, 43]);
    expect(said).toMatchObject({ source: 'model', revision: 1 });
    await expect(ask({ inputs: [[1, 2, 3]] })).rejects.toMatchObject({ code: 'scoringInputInvalid' });
    const twice = await Promise.all([ask({ inputs: [[5, 6]] }, 'k'), ask({ inputs: [[5, 6]] }, 'k')]);
    expect(twice[0]?.id).toBe(twice[1]?.id);
    await expect(ask({ inputs: [[5, 7]] }, 'k')).rejects.toMatchObject({ code: 'idempotencyKeyReused' });
    await wing.endpoints.forceFallback({ name: 'sums', enabled: true, reason: 'test' }, caller);
    expect(await ask({ inputs: [[1, 2]] })).toMatchObject({ source: 'fallback', models: ['fallback'] });
  });

  test('a version is asked by its number; a row that names no entity is a unit of its own', async () => {
    const wing = await createServingWing(await open(), await tempDir());
    onTestFinished(() => wing.close());
    await wing.addModel('prices@1', { inputs: ['close'], weights: [1], intercept: 1 });
    await wing.addModel('prices@2', { inputs: ['close'], weights: [1], intercept: 2 });
    const variants = [
      { name: 'old', model: 'prices@1', weight: 0.5 },
      { name: 'new', model: 'prices@2', weight: 0.5 },
    ];
    await wing.endpoints.put({ name: 'prices', variants, entity }, caller);
    const data = readScoringJson({ inputs: { close: [1, 2, 3] } }).data;
    for (const [version, expected] of [
      ['1', [2, 3, 4]],
      ['2', [3, 4, 5]],
    ] as const)
      expect((await score(wing.endpoints, { name: 'prices', version, data }, caller)).predictions).toEqual(
        expected,
      );
    const named = readScoringJson({ dataframe_records: [{ close: 1, ticker: 'A' }, { close: 1 }] }).data;
    await score(wing.endpoints, { name: 'prices', version: '1', data: named }, caller);
    const { items } = await wing.predictions.list({ name: 'prices', limit: 100 }, caller);
    expect(items).toHaveLength(8);
    expect(new Set(items.map(({ key }) => key)).size).toBe(8);
    expect(items.map(({ key }) => key)).toContain('["A"]');
    const wrong = score(wing.endpoints, { name: 'prices', version: '9', data }, caller);
    await expect(wrong).rejects.toMatchObject({ code: 'endpointVersionNotFound' });
  });
});
