import { expect, onTestFinished, test } from 'vitest';
import { systemCaller } from '../../base/caller.ts';
import { describeEachDatabase, type OpenDatabase } from '../../testing/each-database.ts';
import { createServingWing } from '../../testing/serving-wing.ts';
import { tempDir } from '../../testing/temp-dir.ts';

const caller = systemCaller('test', 'default');
const connections = 16;
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describeEachDatabase('under load', (open: OpenDatabase) => {
  async function openWing() {
    const wing = await createServingWing(await open(), await tempDir());
    onTestFinished(() => wing.close());
    await wing.addModel('forecaster@1', { inputs: ['close'], weights: [1], intercept: 1 });
    await wing.addModel('forecaster@2', { inputs: ['close'], weights: [2], intercept: 0 });
    return wing;
  }

  const expected: Readonly<Record<string, (close: number) => number>> = {
    'forecaster@1': (close) => close + 1,
    'forecaster@2': (close) => close * 2,
    fallback: (close) => close,
  };

  test('200 changes of version fail no request, and each answer is that of the version it names', async () => {
    const { endpoints } = await openWing();
    const name = `changed-${Date.now()}`;
    const put = (version: number) => {
      const variants = [{ name: 'main', model: `forecaster@${version}`, weight: 1 }];
      return endpoints.put({ name, variants, entity: ['ticker'] }, caller);
    };
    await put(1);
    let isOver = false;
    const answered: Record<string, number> = {};
    const connection = async (number: number) => {
      for (let i = 0; !isOver; i++) {
        const close = (number * 7 + i) % 100;
        const { predictions } = await endpoints.predict({ name, records: [{ ticker: 'A', close }] }, caller);
        const { model, value, source } = predictions[0] as (typeof predictions)[number];
        expect([source, value]).toEqual(['model', expected[model]?.(close)]);
        answered[model] = (answered[model] ?? 0) + 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const load = Promise.all(Array.from({ length: connections }, (_, number) => connection(number)));
    for (let change = 0; change < 200; change++) {
      if (change % 10 === 9) await endpoints.rollback({ name, reason: 'and back' }, caller);
      else await put(1 + ((change + 1) % 2));
      // The database of this process answers without a turn of the loop.
      await later(3);
    }
    isOver = true;
    await load;
    expect(answered['forecaster@1']).toBeGreaterThan(100);
    expect(answered['forecaster@2']).toBeGreaterThan(100);
  }, 180_000);

  test('a model that hangs or is killed leaves no request unanswered; its breaker opens, and closes again', async () => {
    const { endpoints } = await openWing();
    const name = `killed-${Date.now()}`;
    await endpoints.put(
      {
        name,
        variants: [{ name: 'main', model: 'forecaster@1', weight: 1 }],
        entity: ['ticker'],
        fallbacks: [{ model: 'forecaster@2' }, { rule: 'record.close' }],
        isolation: 'child-process',
        timeoutMs: 200,
      },
      caller,
    );
    const runtime = async () => (await endpoints.get({ name }, caller)).runtimes[0];
    const ask = async (close: number) => {
      const begun = performance.now();
      const reply = await endpoints.predict({ name, records: [{ ticker: 'A', close }] }, caller);
      const answer = reply.predictions[0] as (typeof reply.predictions)[number];
      expect(answer.value).toBe(expected[answer.model]?.(close));
      return { ms: performance.now() - begun, reason: reply.fallbackReason, ...answer };
    };
    const askMany = () => Promise.all(Array.from({ length: connections }, (_, i) => ask(i)));

    process.kill((await runtime())?.pid ?? 0, 'SIGSTOP');
    const hung = [...(await askMany()), ...(await askMany())];
    expect(hung.every(({ source }) => source === 'fallback')).toBe(true);
    // The deadline, and what a busy machine adds.
    for (const { ms } of hung) expect(ms).toBeLessThan(1000);
    expect(hung.some(({ step }) => step === 'model')).toBe(true);
    expect(await runtime()).toMatchObject({ breaker: 'open' });
    const broken = await ask(1);
    expect(broken.reason).toContain('failed too often');

    process.kill((await runtime())?.pid ?? 0, 'SIGKILL');
    const until = Date.now() + 30_000;
    let last = await ask(2);
    while (last.source === 'fallback' && Date.now() < until) {
      await later(100);
      last = await ask(2);
    }
    expect(last).toMatchObject({ model: 'forecaster@1', source: 'model' });
    for (let i = 0; i < 5; i++) await ask(i);
    expect(await runtime()).toMatchObject({ breaker: 'closed', state: 'ready' });

    // Killed while sixteen ask.
    const load = Promise.all(Array.from({ length: 20 }, askMany));
    process.kill((await runtime())?.pid ?? 0, 'SIGKILL');
    expect((await load).flat()).toHaveLength(20 * connections);
  });

  test('the time of the caller counts where it is shorter', async () => {
    const { endpoints } = await openWing();
    const name = `hasty-${Date.now()}`;
    const variants = [{ name: 'main', model: 'forecaster@1', weight: 1 }];
    const chain = [{ value: 3 }];
    await endpoints.put(
      { name, variants, entity: ['ticker'], fallbacks: chain, isolation: 'child-process', timeoutMs: 20_000 },
      caller,
    );
    const [found] = (await endpoints.get({ name }, caller)).runtimes;
    process.kill(found?.pid ?? 0, 'SIGSTOP');
    const begun = performance.now();
    const input = { name, records: [{ ticker: 'A', close: 1 }] };
    const reply = await endpoints.predict(input, caller, { patience: { timeoutMs: 50 } });
    expect(reply).toMatchObject({ predictions: [{ value: 3, step: 'value' }] });
    expect(reply.fallbackReason).toContain('timeout after 49 ms');
    expect(performance.now() - begun).toBeLessThan(2000);
    expect((await endpoints.get({ name }, caller)).runtimes[0]).toMatchObject({ breaker: 'closed' });
    const gone = endpoints.predict(input, caller, { patience: { isGone: () => true } });
    await expect(gone).rejects.toMatchObject({ code: 'computeCancelled' });
    process.kill(found?.pid ?? 0, 'SIGKILL');
  });
});
