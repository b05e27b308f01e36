import { expect, onTestFinished, test } from 'vitest';
import { createPricePlatform, type PricePlatform, walk } from '../../testing/price-platform.ts';
import { until } from '../../testing/until.ts';

type Reply = { readonly status: number; readonly error_code?: string; readonly message?: string };

async function openPlatform(): Promise<PricePlatform> {
  const platform = await createPricePlatform({ days: walk(120) });
  onTestFinished(() => platform.close());
  const { services, caller, model } = platform;
  const variants = [{ name: 'main', model, weight: 1 }];
  await services.endpoints.put({ name: 'forecast', variants, entity: ['symbol'], alias: 'champion' }, caller);
  return platform;
}

const askByMlflow = async ({ http }: PricePlatform, version: string, method: 'POST' | 'DELETE' = 'POST') => {
  const reply = await http.inject({
    method,
    url: '/api/2.0/mlflow/registered-models/alias',
    headers: { host: 'localhost', 'content-type': 'application/json' },
    payload: JSON.stringify({ name: 'forecaster', alias: 'champion', version }),
  });
  return { status: reply.statusCode, ...(reply.json() as object) } as Reply;
};

test("MLflow's client asks to move the alias of an endpoint: a rollout proves the version, then the alias moves", async () => {
  const platform = await openPlatform();
  const { services, caller, http } = platform;
  const alias = async () => (await services.registry.get({ name: 'forecaster' }, caller)).aliases.champion;
  const find = (id: string) => services.governance.getPromotion({ id }, caller);
  expect(await alias()).toBe(1);

  const second = await platform.train(platform.set.reference, 'trees');
  expect(await askByMlflow(platform, '2')).toMatchObject({
    ...{ status: 409, error_code: 'RESOURCE_CONFLICT' },
    message: expect.stringContaining('its model has no gate to pass'),
  });
  await platform.approve(second);
  const asked = await askByMlflow(platform, '2');
  expect(asked).toMatchObject({ status: 409, error_code: 'RESOURCE_CONFLICT' });
  const id = /pr_[0-9a-f]+/.exec(asked.message ?? '')?.[0] ?? '';
  const started = await until(
    () => find(id),
    (found) => found.state === 'started',
  );
  const rollout = await services.rollouts.get({ id: started.rollout ?? '' }, caller);
  expect(rollout).toMatchObject({ candidate: second, endpoint: 'forecast', stage: 'shadow' });
  expect(rollout.timeline[0]?.text).toContain(id);
  expect(await alias()).toBe(1);

  const again = await askByMlflow(platform, '2');
  expect(again.message).toContain(`${id} is started (rollout: ${rollout.id})`);
  expect(await askByMlflow(platform, '2', 'DELETE')).toMatchObject({ status: 409 });
  const ours = await http.inject({
    method: 'PUT',
    url: '/api/v1/models/forecaster/aliases/champion',
    headers: { host: 'localhost', 'content-type': 'application/json' },
    payload: '{"version": 2}',
  });
  expect(ours.json()).toMatchObject({ error: { code: 'promotionRequested', details: { promotion: id } } });

  const third = await platform.train(platform.set.reference);
  await platform.approve(third);
  await askByMlflow(platform, third.split('@')[1] ?? '');
  const newest = async () => (await services.governance.listPromotions({}, caller)).items[0];
  const refused = await until(newest, (found) => found?.model === third && found.state === 'ended');
  expect(refused?.reason).toContain(rollout.id);

  await services.rollouts.promote({ id: rollout.id, reason: 'seen enough' }, caller);
  await until(
    () => find(id),
    (found) => found.state === 'promoted',
  );
  expect(await alias()).toBe(2);
  expect(await askByMlflow(platform, '2')).toEqual({ status: 200 });
  const set = await services.audit.list({ action: 'model.aliasSet' }, caller);
  expect(set.items[0]).toMatchObject({
    subject: 'model:forecaster@2',
    detail: { alias: 'champion', version: '2', previous: 1 },
  });
});
