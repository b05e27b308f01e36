import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ModelVersion } from '@tidemill/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPrices, commitTrainingSet, evaluateModel, trainModel } from '../../testing/model-wing.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

let platform: TestPlatform;
let model: ModelVersion;
beforeAll(async () => {
  platform = await createTestPlatform();
  const { caller, services } = platform;
  await commitTrainingSet(platform, buildPrices(300), caller);
  model = await trainModel(platform, caller, { learner: 'ridge' });
  const evaluation = await evaluateModel(platform, caller, { model: model.reference });
  const rules = [{ name: 'tiny', expression: 'metrics.mae < 0.0', message: 'no <b>error</b> | at all' }];
  await services.governance.putGate({ name: model.model, rules }, caller);
  const key = { name: model.model, version: String(model.version) };
  await services.governance.check({ ...key, evaluation: evaluation.id }, caller);
  await services.governance.approve({ ...key, reason: 'we *must*', override: true }, caller);
}, 60_000);
afterAll(() => platform.close());

const key = () => ({ name: model.model, version: String(model.version) });
const document = async (format: 'markdown' | 'html') => {
  const { content } = await platform.services.cards.getDocument({ ...key(), format }, platform.caller);
  return text(Readable.from(content));
};

describe('model cards', () => {
  test('the card is what the records say', async () => {
    const card = await platform.services.cards.get(key(), platform.caller);
    expect(card).toMatchObject({
      version: { reference: model.reference, digest: model.digest, approval: 'overridden' },
      trainingSet: { reference: 'training@1', rows: 297, kind: 'training-set' },
      run: { id: model.runId },
      gate: { rules: [{ name: 'tiny' }] },
      checks: [{ verdict: 'refuse', passed: false }],
      decisions: [{ decision: 'overridden', reason: 'we *must*' }],
      unwritten: ['owner', 'consumers', 'intendedUse', 'outOfScope', 'limits', 'ethics'],
    });
    expect(card.evaluations).toHaveLength(1);
    expect(card.evaluations[0]).not.toHaveProperty('series');
    const reached = card.lineage.map(({ from }) => from);
    expect(reached).toEqual(expect.arrayContaining(['dataset:training@1', 'dataset:prices@1']));
    await expect(
      platform.services.cards.get({ name: 'forecaster', version: '99' }, platform.caller),
    ).rejects.toMatchObject({ status: 404 });
  });

  test('what people wrote stays beside it; who writes over another is told', async () => {
    const { cards, audit } = platform.services;
    const write = (given: object) => cards.putText({ name: model.model, ...given }, platform.caller);
    const first = await write({
      owner: 'prices team',
      limits: 'knows <i>nothing</i> of | splits',
      since: null,
    });
    expect(first).toMatchObject({ owner: 'prices team', ethics: '', updatedBy: 'user:owner' });
    await expect(write({ owner: 'me', since: null })).rejects.toMatchObject({ code: 'cardTextChanged' });
    const second = await write({ intendedUse: 'tomorrow', since: first.updatedAt });
    expect(second).toMatchObject({ owner: 'prices team', intendedUse: 'tomorrow' });
    expect(await write({ owner: 'prices team' })).toEqual(second);
    const entries = (await audit.list({ action: 'model.described' }, platform.caller)).items;
    expect(entries.map(({ detail }) => detail)).toEqual([
      { changed: ['intendedUse'], was: { intendedUse: '' } },
      { changed: ['owner', 'limits'], was: { owner: '', limits: '' } },
    ]);
    await expect(cards.getText({ name: 'nobody' }, platform.caller)).rejects.toMatchObject({ status: 404 });
    const { unwritten } = await cards.get(key(), platform.caller);
    expect(unwritten).toEqual(['consumers', 'outOfScope', 'ethics']);
  });

  test('as Markdown and as HTML, no text of others becomes markup of ours', async () => {
    const markdown = await document('markdown');
    expect(markdown).toContain(`# Model card: ${model.reference}`);
    expect(markdown).toContain('no \\<b\\>error\\</b\\> \\| at all');
    expect(markdown).toContain('we \\*must\\*');
    expect(markdown).toContain('knows <i>nothing</i> of | splits');
    const html = await document('html');
    expect(html).toContain('no &lt;b&gt;error&lt;/b&gt; | at all');
    expect(html).toContain('knows &lt;i&gt;nothing&lt;/i&gt; of | splits');
    for (const title of ['Training data', 'Inputs', 'Gate', 'Decisions', 'Where it came from'])
      expect(html).toContain(`<h2>${title}</h2>`);
  });
});
