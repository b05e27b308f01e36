import { lifecycle, type ModelState, type Transition } from '@tidemill/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEachPlatform } from '../../testing/each-platform.ts';
import { buildPrices, commitTrainingSet, evaluateModel, trainModel } from '../../testing/model-wing.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

const gate = { rules: [{ name: 'finite', expression: 'metrics.mae < 1000.0', message: 'it is not' }] };

describeEachPlatform('the lifecycle of versions', (database) => {
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(await database());
    await commitTrainingSet(platform, buildPrices(80), platform.caller);
    for (const seed of [1, 2, 3])
      await trainModel(platform, platform.caller, { learner: 'ridge', parameters: { lambda: seed } });
  });
  afterAll(() => platform.close());

  type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
  const call = async (method: Method, url: string, payload?: object) => {
    const reply = await platform.http.inject({ method, url, ...(payload && { payload }) });
    return { status: reply.statusCode, body: reply.json() };
  };
  const model = '/api/v1/models/forecaster';
  const versionOf = async (number: number) => (await call('GET', `${model}/versions/${number}`)).body;
  const stateOf = async (number: number): Promise<ModelState> => (await versionOf(number)).state;
  const move = (number: number, to: ModelState, reason = 'as planned') =>
    call('POST', `${model}/versions/${number}/transitions`, { to, reason });
  const history = async (number: number): Promise<Transition[]> =>
    (await call('GET', `${model}/versions/${number}/transitions`)).body.items;
  const setAlias = (alias: string, version: number) => call('PUT', `${model}/aliases/${alias}`, { version });
  const revert = (alias: string, from?: number) =>
    call('POST', `${model}/aliases/${alias}/revert`, { reason: 'it is worse', from });
  const serve = (number: number, more: object = {}) =>
    call('PUT', '/api/v1/endpoints/forecast', {
      ...{ variants: [{ name: 'a', model: `forecaster@${number}`, weight: 1 }], entity: ['symbol'] },
      ...more,
    });
  const stage = (number: number, name: string, more: object = {}) =>
    call('POST', '/api/2.0/mlflow/model-versions/transition-stage', {
      ...{ name: 'forecaster', version: String(number), stage: name },
      ...more,
    });

  test('from candidate to retired and back, by the gate, people, an endpoint and by hand', async () => {
    expect(await stateOf(1)).toBe('candidate');
    expect((await move(1, 'validated')).body.error.message).toMatch(/no evaluation .* evaluate it first/);
    await evaluateModel(platform, platform.caller, { model: 'forecaster@1', last: 20 });
    expect((await move(1, 'validated')).body.error.code).toBe('gateNotFound');
    await call('PUT', `${model}/gate`, gate);
    expect((await move(1, 'validated')).body).toEqual({ model: 'forecaster@1', state: 'validated' });
    expect((await move(1, 'serving')).body.error.message).toMatch(/an endpoint makes it so/);
    expect((await move(1, 'approved', 'good')).body.state).toBe('approved');
    expect((await serve(1)).status).toBe(200);
    expect(await stateOf(1)).toBe('serving');
    const refused = await move(1, 'retired');
    expect([refused.status, refused.body.error.code]).toEqual([409, 'transitionRefused']);
    expect(refused.body.error.message).toMatch(/forecaster@1 is serving .* endpoint:forecast serves it/);
    expect((await call('DELETE', '/api/v1/endpoints/forecast')).status).toBe(200);
    expect(await stateOf(1)).toBe('approved');
    expect((await move(1, 'retired', 'too old')).body.state).toBe('retired');
    expect(await versionOf(1)).toMatchObject({ stage: 'Archived', approval: 'approved' });
    expect((await setAlias('best', 1)).body.error).toMatchObject({
      code: 'modelRetired',
      message: expect.stringMatching(/forecaster@1 is retired, so it cannot get the alias 'best'/),
    });
    expect((await serve(1)).body.error.message).toMatch(/retired, so no endpoint may serve it/);
    const approval = { reason: 'anyway', override: true };
    expect((await call('POST', `${model}/versions/1/approvals`, approval)).body.error.code).toBe(
      'modelRetired',
    );
    expect((await move(1, 'candidate', 'needed again')).body.state).toBe('candidate');
    expect(await versionOf(1)).toMatchObject({ stage: 'None', approval: 'none' });
    const told = (await history(1)).map(({ from, to, cause, reason, actor }) => [
      from,
      to,
      cause,
      reason,
      actor,
    ]);
    expect(told).toEqual([
      ['retired', 'candidate', 'restored', 'needed again', 'user:owner'],
      ['approved', 'retired', 'retired', 'too old', 'user:owner'],
      ['serving', 'approved', 'endpoint.left', 'endpoint:forecast serves it no longer', 'user:owner'],
      ['approved', 'serving', 'endpoint.serves', 'endpoint:forecast serves it', 'user:owner'],
      ['validated', 'approved', 'approved', 'good', 'user:owner'],
      ['candidate', 'validated', 'gate.passed', expect.stringMatching(/^gate check gc_/), 'user:owner'],
    ]);
    const events = await platform.services.audit.list({ action: 'model.transitioned' }, platform.caller);
    expect(events.items).toHaveLength(6);
  });

  test('an alias goes back to who held it before; two at once: one wins', async () => {
    expect((await revert('best')).body.error.code).toBe('aliasUnreverted');
    for (const number of [1, 2, 3]) expect((await setAlias('best', number)).status).toBe(200);
    const both = await Promise.all([revert('best', 3), revert('best', 3)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(both.find(({ status }) => status === 200)?.body).toEqual({ model: 'forecaster@2', alias: 'best' });
    expect(both.find(({ status }) => status === 409)?.body.error.message).toMatch(
      /somebody moved it meanwhile, to forecaster@2/,
    );
    const moves = (await call('GET', `${model}/aliases/best/moves`)).body.items;
    expect(moves.map((each: { version: number }) => each.version)).toEqual([2, 3, 2, 1]);
    expect(moves[0]).toMatchObject({ reason: 'reverted: it is worse', actor: 'user:owner' });
    expect((await move(2, 'retired')).body.error.message).toMatch(/its aliases 'best' point at it/);
    expect((await move(3, 'retired')).status).toBe(200);
    expect((await revert('best')).body.error.message).toMatch(
      /forecaster@3, where it pointed before, is retired/,
    );
    await call('DELETE', `${model}/aliases/best`);
    expect((await call('GET', `${model}/aliases/best/moves`)).body.items[0].version).toBeNull();
    expect((await setAlias('best', 9)).status).toBe(404);
    await move(3, 'candidate');
  });

  test('an alias that follows an endpoint is reverted by promotion only', async () => {
    for (const number of [1, 2])
      await call('POST', `${model}/versions/${number}/approvals`, { reason: 'r', override: true });
    await serve(1, { alias: 'champion' });
    await serve(2, { alias: 'champion' });
    expect([await stateOf(1), await stateOf(2)]).toEqual(['approved', 'serving']);
    const reply = await revert('champion');
    expect([reply.status, reply.body.error.code]).toEqual([409, 'promotionRequested']);
    expect((await versionOf(2)).aliases).toContain('champion');
    await call('DELETE', '/api/v1/endpoints/forecast');
    await call('DELETE', `${model}/aliases/champion`);
  });

  test('MLflow’s stages ask for what they stand for, and Archived is retired', async () => {
    await evaluateModel(platform, platform.caller, { model: 'forecaster@3', last: 20 });
    expect((await stage(3, 'Staging')).body.model_version.current_stage).toBe('Staging');
    expect(await stateOf(3)).toBe('validated');
    expect((await stage(3, 'Production')).status).toBe(200);
    expect(await stateOf(3)).toBe('approved');
    expect((await stage(3, 'Archived')).status).toBe(200);
    expect(await versionOf(3)).toMatchObject({ state: 'retired', stage: 'Archived' });
    expect((await stage(3, 'None')).status).toBe(200);
    expect(await versionOf(3)).toMatchObject({ state: 'candidate', stage: 'None', approval: 'none' });
    await call('POST', `${model}/versions/2/approvals`, { reason: 'r', override: true });
    await stage(2, 'Production');
    await serve(2);
    const archived = await stage(3, 'Production', { archive_existing_versions: true });
    expect([archived.status, archived.body.message]).toEqual([
      ...[409, expect.stringMatching(/forecaster@2 is serving and cannot become retired/)],
    ]);
    expect(await versionOf(2)).toMatchObject({ stage: 'Production', state: 'serving' });
    expect(await versionOf(3)).toMatchObject({ stage: 'None' });
    await call('DELETE', '/api/v1/endpoints/forecast');
  });

  test('no sequence of doors reaches a state that the table does not allow', async () => {
    const number = fc.constantFrom(1, 2, 3);
    const command = fc.oneof(
      fc.record({
        do: fc.constant('move' as const),
        number,
        to: fc.constantFrom('candidate', 'validated', 'approved', 'retired'),
      }),
      fc.record({
        do: fc.constant('stage' as const),
        number,
        to: fc.constantFrom('None', 'Staging', 'Production', 'Archived'),
      }),
      fc.record({ do: fc.constant('serve' as const), number }),
      fc.record({ do: fc.constant('leave' as const) }),
      fc.record({ do: fc.constant('refuse' as const), number }),
      fc.record({ do: fc.constant('alias' as const), number }),
    );
    const run = (each: ReturnType<typeof command.generate>['value']) => {
      if (each.do === 'move') return move(each.number, each.to as ModelState);
      if (each.do === 'stage') return stage(each.number, each.to);
      if (each.do === 'serve') return serve(each.number);
      if (each.do === 'leave') return call('DELETE', '/api/v1/endpoints/forecast');
      if (each.do === 'alias') return setAlias('any', each.number);
      return call('POST', `${model}/versions/${each.number}/refusals`, { reason: 'no' });
    };
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 4, maxLength: 12 }), async (commands) => {
        for (let i = 0; i < commands.length; i += 2) {
          const replies = await Promise.all(commands.slice(i, i + 2).map(run));
          for (const { status, body } of replies) expect(status, JSON.stringify(body)).toBeLessThan(500);
        }
        const live = await call('GET', '/api/v1/endpoints/forecast');
        const served = live.status === 200 ? live.body.live.variants[0].model : null;
        for (const each of [1, 2, 3]) {
          const found = await versionOf(each);
          expect(found.state === 'serving').toBe(served === found.reference);
          expect(found.state === 'retired').toBe(found.stage === 'Archived');
          if (found.state === 'retired') expect(found.aliases).toEqual([]);
          const told = (await history(each)).reverse();
          expect(told.at(-1)?.to ?? 'candidate').toBe(found.state);
          told.forEach(({ from, to, cause }, at) => {
            expect(from).toBe(told[at - 1]?.to ?? 'candidate');
            expect(lifecycle.some((row) => row.from === from && row.to === to && row.cause === cause)).toBe(
              true,
            );
          });
        }
      }),
      { numRuns: 12 },
    );
  });

  test('an approver of one model approves its versions, and those of no other', async () => {
    const { reference, version } = await trainModel(platform, platform.caller, { learner: 'ridge' });
    await evaluateModel(platform, platform.caller, { model: reference, last: 20 });
    expect((await move(version, 'validated')).status).toBe(200);
    const token = await call('POST', '/api/v1/tokens', { name: 'risk', role: 'editor' });
    const approve = async () => {
      const reply = await platform.http.inject({
        method: 'POST',
        url: `${model}/versions/${version}/transitions`,
        headers: { authorization: `Bearer ${token.body.secret}` },
        payload: { to: 'approved', reason: 'good' },
      });
      return [reply.statusCode, reply.json().error?.code ?? reply.json().state];
    };
    const grant = (resource: string) =>
      call('POST', '/api/v1/grants', { to: 'token:risk', role: 'approver', resource });
    await grant('model:other');
    expect(await approve()).toEqual([403, 'permissionDenied']);
    await grant('model:forecaster');
    expect(await approve()).toEqual([200, 'approved']);
  });
});
