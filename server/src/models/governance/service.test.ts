import type { Evaluation } from '@tidemill/contract';
import { expect, test } from 'vitest';
import { createAudit, createChanges } from '../../access/audit/service.ts';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { type Db, transact } from '../../adapters/db/db.ts';
import { errors } from '../../base/errors.ts';
import { createLogger } from '../../base/logger.ts';
import { createEvents } from '../../platform/events/service.ts';
import { callerIn } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { modelStore } from '../registry/model-store.ts';
import { createRegistry } from '../registry/service.ts';
import { versionStore } from '../registry/version-store.ts';
import { createGovernance } from './service.ts';

let workspaces = 0;

/** Gates over versions and evaluations that are rows of the test's own; what computes is not asked here. */
async function openGovernance(db: Db) {
  workspaces += 1;
  const caller = callerIn(`g${workspaces}`);
  let now = 1_000;
  const clock = { now: () => (now += 1) };
  const logger = createLogger('silent');
  const events = createEvents({ db, clock, logger });
  const changes = createChanges({ db, clock, events });
  const registry = createRegistry({ db, changes, events, clock, logger } as never);
  const found = new Map<string, Evaluation>();
  const unasked = {} as never;
  const governance = createGovernance({
    db,
    changes,
    clock,
    registry,
    evaluations: {
      get: async ({ id }) => found.get(id) ?? Promise.reject(errors.evaluationNotFound({ id })),
    },
    analytics: unasked as Analytics,
    datasets: unasked,
    features: unasked,
    learners: unasked,
    tempFolder: '',
  });

  async function addVersion(model = 'forecaster'): Promise<number> {
    await modelStore(db).insert({ workspace: caller.workspace, name: model, description: '', now: 1 });
    const number = await modelStore(db).takeNumber(caller.workspace, model, 1);
    await versionStore(db).insert({
      ...{ workspace: caller.workspace, model, number, runId: `run${number}`, artifactPath: 'model' },
      ...{ source: null, location: null, runLink: null, loggedModel: null, stage: 'None', updatedAt: 1 },
      ...{ digest: `digest${number}`, files: [], inputs: [], flavors: [], trainingRange: {}, metrics: {} },
      ...{ trainingSet: null, recipe: null, description: '', approval: 'none', createdAt: 1, createdBy: 'x' },
    });
    return number;
  }
  function addEvaluation(id: string, version: number, mae: number): string {
    const side = { name: 'close', metrics: { mae: 1.7 } };
    const judged = { id, model: `forecaster@${version}`, metrics: { mae }, baseline: side, champion: null };
    found.set(id, { ...judged, againstBaseline: null, againstChampion: null } as unknown as Evaluation);
    return id;
  }
  const check = (version: number, evaluation: string) =>
    governance.check({ name: 'forecaster', version: String(version), evaluation }, caller);
  const approve = (version: number, override?: boolean, reason = 'as teams do') =>
    governance.approve({ name: 'forecaster', version: String(version), reason, override }, caller);
  const isReleasable = (version: number) =>
    transact(db, (tx) => governance.assertReleasable(tx, caller.workspace, [`model:forecaster@${version}`]));
  const audit = async () => (await createAudit({ db }).list({}, caller)).items.reverse();
  return { governance, registry, caller, addVersion, addEvaluation, check, approve, isReleasable, audit };
}

const naive = {
  name: 'naive',
  expression: 'metrics.mae < baseline.mae',
  message: 'must beat the same as yesterday',
};

describeEachDatabase('governance', (open) => {
  test('refused by the gate, shipped by a named override, audited', async () => {
    const { governance, registry, caller, addVersion, addEvaluation, check, approve, isReleasable, audit } =
      await openGovernance((await open()).db);
    const version = await addVersion();
    await governance.putGate({ name: 'forecaster', rules: [naive] }, caller);
    await expect(approve(version)).rejects.toThrow(/no evaluation of it was held against the gate/);
    const refused = await check(version, addEvaluation('ev_1', version, 9.6));
    expect(refused).toMatchObject({ passed: false, model: 'forecaster@1', evaluation: 'ev_1' });
    expect(refused.results[0]?.message).toBe(
      'must beat the same as yesterday: metrics.mae = 9.6, baseline.mae = 1.7',
    );
    await expect(approve(version)).rejects.toMatchObject({
      code: 'gateRefused',
      status: 409,
      message: expect.stringMatching(/forecaster@1 .* rule 'naive' failed .* override with a reason/),
    });
    await expect(isReleasable(version)).rejects.toThrow(/forecaster@1 is not approved/);
    await expect(approve(version, true, '  ')).rejects.toMatchObject({ code: 'approvalReasonMissing' });
    const approval = await approve(version, true);
    expect(approval).toMatchObject({ decision: 'overridden', gateCheck: refused.id, actor: 'user:tester' });
    await isReleasable(version);
    expect((await registry.resolve('forecaster@1', caller.workspace)).approval).toBe('overridden');
    const list = await governance.listApprovals({ name: 'forecaster', version: '1' }, caller);
    expect(list.items).toEqual([approval]);
    const entries = await audit();
    expect(entries.map((entry) => entry.action)).toEqual(['gate.put', 'gate.refused', 'model.overridden']);
    expect(entries.at(-1)).toMatchObject({
      actor: 'user:tester',
      subject: 'model:forecaster@1',
      detail: { reason: 'as teams do', obstacle: expect.stringMatching(/rule 'naive' failed/) },
    });
  });

  test('a passed check approves, override or not; the newest check counts', async () => {
    const { governance, caller, addVersion, addEvaluation, check, approve } = await openGovernance(
      (await open()).db,
    );
    const version = await addVersion();
    await governance.putGate({ name: 'forecaster', rules: [naive] }, caller);
    await check(version, addEvaluation('ev_1', version, 1.6));
    expect(await approve(version, true)).toMatchObject({ decision: 'approved' });
    await check(version, addEvaluation('ev_2', version, 1.8));
    await expect(approve(version)).rejects.toMatchObject({ code: 'gateRefused' });
    await check(version, 'ev_1');
    expect(await approve(version)).toMatchObject({ decision: 'approved' });
  });

  test('a changed gate makes checks stale, the same gate again does not', async () => {
    const { governance, caller, addVersion, addEvaluation, check, approve } = await openGovernance(
      (await open()).db,
    );
    const version = await addVersion();
    const first = await governance.putGate({ name: 'forecaster', rules: [naive] }, caller);
    await check(version, addEvaluation('ev_1', version, 1.6));
    expect(await governance.putGate({ name: 'forecaster', rules: [naive] }, caller)).toEqual(first);
    await approve(version);
    const strict = { ...naive, expression: 'metrics.mae < 1' };
    await governance.putGate({ name: 'forecaster', rules: [strict] }, caller);
    expect((await governance.getGate({ name: 'forecaster' }, caller)).rules).toEqual([strict]);
    await expect(approve(version)).rejects.toThrow(/the gate was changed after its last check/);
  });

  test('a refusal closes what an approval opened; the newest decision is in force', async () => {
    const { governance, caller, addVersion, addEvaluation, check, approve, isReleasable } =
      await openGovernance((await open()).db);
    const version = await addVersion();
    await governance.putGate({ name: 'forecaster', rules: [naive] }, caller);
    const { id } = await check(version, addEvaluation('ev_1', version, 1.6));
    await approve(version);
    await governance.refuse(`model:forecaster@${version}`, 'not better', id, caller);
    await expect(isReleasable(version)).rejects.toThrow(/its approval is 'refused'/);
    const list = await governance.listApprovals({ name: 'forecaster', version: '1' }, caller);
    expect(list.items.map((item) => item.decision)).toEqual(['refused', 'approved']);
  });

  test('what is not there or does not fit is named', async () => {
    const { governance, caller, addVersion, addEvaluation, check, approve } = await openGovernance(
      (await open()).db,
    );
    const version = await addVersion();
    const other = await addVersion();
    await expect(governance.getGate({ name: 'forecaster' }, caller)).rejects.toMatchObject({
      code: 'gateNotFound',
    });
    await expect(check(version, addEvaluation('ev_1', version, 1))).rejects.toMatchObject({
      code: 'gateNotFound',
    });
    await expect(approve(version)).rejects.toThrow(/its model has no gate to pass/);
    await governance.putGate({ name: 'forecaster', rules: [naive] }, caller);
    await expect(check(other, 'ev_1')).rejects.toThrow(/ev_1 judges forecaster@1, not forecaster@2/);
    await expect(check(version, 'ev_9')).rejects.toMatchObject({ code: 'evaluationNotFound' });
    const wrong = { ...naive, expression: 'metrics.mea < 2' };
    await expect(governance.putGate({ name: 'forecaster', rules: [wrong] }, caller)).rejects.toMatchObject({
      code: 'gateRuleInvalid',
      status: 400,
    });
    await expect(governance.exportBundle({ name: 'forecaster', version: '1' }, caller)).rejects.toMatchObject(
      { code: 'bundleUnavailable' },
    );
  });
});
