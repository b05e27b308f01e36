import type { Evaluation } from '@tidemill/contract';
import { describe, expect, test } from 'vitest';
import { createAudit, createChanges } from '../../access/audit/service.ts';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { type Db, transact } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { createLogger } from '../../base/logger.ts';
import { createEvents } from '../../platform/events/service.ts';
import { callerIn } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { modelStore } from '../registry/model-store.ts';
import { createRegistry } from '../registry/service.ts';
import { versionStore } from '../registry/version-store.ts';
import type { Proofs } from './rules.ts';
import { createGovernance, type Governance } from './service.ts';

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
  const experiments = { artifactRoot: 'mlflow-artifacts:/' };
  const assertMayEnter: Governance['assertMayEnter'] = (...asked) => governance.assertMayEnter(...asked);
  const registry = createRegistry({
    ...{ db, changes, events, clock, logger, experiments, assertMayEnter },
  } as never);
  const found = new Map<string, Evaluation>();
  const unasked = {} as never;
  const none = {
    unit: 'none',
    integration: 'none',
    system: 'none',
    acceptance: 'none',
    passed: false,
  } as const;
  const proofs: { current: Proofs } = {
    current: { tests: none, ci: { commit: 'c0ffee', isDirty: false, status: 'none' } },
  };
  const governance = createGovernance({
    db,
    changes,
    clock,
    registry,
    evaluations: {
      get: async ({ id }) => found.get(id) ?? Promise.reject(errors.evaluationNotFound({ id })),
      list: async ({ model }) => ({
        items: [...found.values()].filter((each) => each.model === model).reverse(),
        nextCursor: null,
      }),
    },
    analytics: unasked as Analytics,
    compute: unasked,
    datasets: unasked,
    validation: unasked,
    assessments: { newest: async () => ({}) },
    studies: { newest: async () => ({}) },
    features: unasked,
    learners: unasked,
    tempFolder: '',
    proofsOf: async () => proofs.current,
  });

  async function addVersion(model = 'forecaster'): Promise<number> {
    await modelStore(db).insert({ workspace: caller.workspace, name: model, description: '', now: 1 });
    const number = await modelStore(db).takeNumber(caller.workspace, model, 1);
    await versionStore(db).insert({
      ...{ workspace: caller.workspace, model, number, runId: `run${number}`, artifactPath: 'model' },
      ...{ source: null, location: null, runLink: null, loggedModel: null, stage: 'None', updatedAt: 1 },
      ...{
        digest: `digest${number}`,
        files: [],
        inputs: [],
        outputs: [],
        flavors: [],
        trainingRange: {},
        metrics: {},
      },
      ...{
        trainingSet: null,
        recipe: null,
        description: '',
        approval: 'none',
        state: 'candidate',
        createdAt: 1,
        createdBy: 'x',
      },
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
  /** How versions move by it has tests of its own (lifecycle.slow.test.ts). */
  const audit = async () =>
    (await createAudit({ db, clock, logger }).list({}, caller)).items
      .filter(({ action }) => action !== 'model.transitioned')
      .reverse();
  return {
    ...{ db, governance, registry, caller, proofs, addVersion, addEvaluation },
    ...{ check, approve, isReleasable, audit },
  };
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

  test('an environment asks its own rules and its own people, by every door', async () => {
    const { governance, registry, caller, addVersion, addEvaluation, check, audit } = await openGovernance(
      (await open()).db,
    );
    const version = await addVersion();
    const strict = { ...naive, name: 'strict', expression: 'metrics.mae < 1.0' };
    const environments = {
      staging: { rules: ['naive'] },
      production: { rules: ['naive'], approval: { approvers: 2, fourEyes: true } },
      reports: {},
    };
    const gate = { name: 'forecaster', rules: [naive, strict], environments };
    const misspelt = { ...gate, environments: { staging: { rules: ['naiv'] } } };
    await expect(governance.putGate(misspelt, caller)).rejects.toThrow(/'naiv'.*'staging' asks it/);
    expect((await governance.putGate(gate, caller)).environments).toEqual(environments);
    const alias = (name: string) => governance.setAlias({ name: 'forecaster', alias: name, version }, caller);
    await expect(alias('staging')).rejects.toMatchObject({ code: 'environmentRefused', status: 409 });
    await alias('elsewhere');
    await check(version, addEvaluation('ev_1', version, 1.5));
    await alias('staging');
    await expect(alias('Production')).rejects.toThrow(
      /'production': 2 people must approve it for this environment/,
    );
    await expect(alias('reports')).rejects.toThrow(/rule 'strict' failed/);
    const stage = (to: 'Production') =>
      registry.setStage({ name: 'forecaster', version: String(version), stage: to }, caller);
    await expect(stage('Production')).rejects.toThrow(/must approve/);
    const approveFor = (environment: string, actor: string, override?: boolean) =>
      governance.approveFor(
        { name: 'forecaster', version: String(version), environment, reason: 'as teams do', override },
        { ...caller, actor },
      );
    expect(await approveFor('production', 'user:ann')).toMatchObject({ decision: 'endorsed', missing: 1 });
    // The same word again is no second one.
    expect(await approveFor('production', 'user:ann')).toMatchObject({ decision: 'endorsed', missing: 1 });
    await expect(approveFor('production', 'x')).rejects.toMatchObject({ code: 'approverUnfit' });
    await expect(approveFor('moon', 'user:ann')).rejects.toThrow(
      /no environment 'moon'.*staging, production, reports/,
    );
    await expect(approveFor('reports', 'user:ann')).rejects.toMatchObject({ code: 'environmentRefused' });
    expect(await approveFor('production', 'user:bob')).toMatchObject({ decision: 'approved', missing: 0 });
    await stage('Production');
    await alias('production');
    expect(await approveFor('reports', 'user:bob', true)).toMatchObject({ decision: 'overridden' });
    await alias('reports');
    // Its own approval is another matter.
    expect((await registry.resolve(`forecaster@${version}`, caller.workspace)).approval).toBe('none');
    // New evidence asks everybody again.
    await check(version, addEvaluation('ev_2', version, 1.6));
    const { items } = await governance.listEnvironments(
      { name: 'forecaster', version: String(version) },
      caller,
    );
    expect(items.map(({ environment, allowed }) => [environment, allowed])).toEqual([
      ['staging', true],
      ['production', false],
      ['reports', false],
    ]);
    expect((await audit()).filter(({ action }) => action === 'model.approved')).toMatchObject([
      { actor: 'user:bob', detail: { environment: 'production' } },
    ]);
  });

  test('two people who are not the author let a version out; a warning keeps nothing back', async () => {
    const { governance, caller, addVersion, addEvaluation, check, isReleasable, audit } =
      await openGovernance((await open()).db);
    const version = await addVersion();
    const cautious = { ...naive, name: 'small', expression: 'metrics.mae < 1.0', severity: 'warn' } as const;
    const approval = { approvers: 2, fourEyes: true, handover: true };
    await governance.putGate({ name: 'forecaster', rules: [naive, cautious], approval }, caller);
    expect(await check(version, addEvaluation('ev_1', version, 1.6))).toMatchObject({
      ...{ passed: true, verdict: 'warn' },
      results: [
        { severity: 'refuse', passed: true },
        { severity: 'warn', passed: false },
      ],
    });
    const as = (actor: string, more: object = {}) =>
      governance.approve(
        { name: 'forecaster', version: '1', reason: 'seen', handover: 'watch the weekends', ...more },
        { ...caller, actor },
      );
    await expect(as('user:mira', { handover: ' ' })).rejects.toMatchObject({
      code: 'approvalHandoverMissing',
    });
    await expect(as('x')).rejects.toMatchObject({ code: 'approverUnfit', status: 403 });
    await expect(as('system:retraining')).rejects.toMatchObject({ code: 'approverUnfit' });
    expect(await as('user:mira')).toMatchObject({ decision: 'endorsed', missing: 1 });
    expect(await as('user:mira')).toMatchObject({ decision: 'endorsed', missing: 1 });
    await expect(isReleasable(version)).rejects.toMatchObject({ code: 'modelNotApproved' });
    await governance.refuse('forecaster@1', 'not yet', null, caller);
    await as('user:noor');
    await Promise.all([as('user:mira'), governance.refuse('forecaster@1', 'stop', null, caller)]);
    // Whichever came first, the approval knew of no word that the refusal had taken back.
    await expect(isReleasable(version)).rejects.toMatchObject({ code: 'modelNotApproved' });
    await governance.refuse('forecaster@1', 'from the start', null, caller);
    const both = await Promise.all([as('user:noor'), as('user:mira')]);
    expect(both.map(({ decision }) => decision).sort()).toEqual(['approved', 'endorsed']);
    await isReleasable(version);
    const actions = (await audit()).map((entry) => entry.action);
    const words = ['model.endorsed', 'model.endorsed', 'model.refused', 'model.endorsed'];
    expect(actions.slice(0, 6)).toEqual(['gate.put', 'gate.passed', ...words]);
    expect(actions.slice(-3)).toEqual(['model.refused', 'model.endorsed', 'model.approved']);
    const { items } = await governance.listApprovals({ name: 'forecaster', version: '1' }, caller);
    expect(items[0]).toMatchObject({ decision: 'approved', handover: 'watch the weekends', missing: 0 });
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

  describe('an alias that follows an endpoint', () => {
    async function openBound() {
      const own = await openGovernance((await open()).db);
      const { db, registry, governance, caller } = own;
      for (let n = 0; n < 3; n++) await own.addVersion();
      await registry.setAlias({ name: 'forecaster', alias: 'champion', version: 1 }, caller);
      await transact(db, (tx) =>
        registry.bindAlias(tx, caller.workspace, 'forecaster', 'champion', 'endpoint:forecast'),
      );
      const ask = (version: number, by: Caller = caller) =>
        governance.setAlias({ name: 'forecaster', alias: 'champion', version }, by);
      const promotions = async () => (await governance.listPromotions({}, caller)).items;
      const alias = async () => (await registry.get({ name: 'forecaster' }, caller)).aliases.champion;
      return { ...own, ask, promotions, alias };
    }

    test('is not moved: what the gate refuses is named with the remedy', async () => {
      const { ask, promotions, alias, governance, addEvaluation, caller, audit } = await openBound();
      await expect(ask(2)).rejects.toMatchObject({
        code: 'promotionRefused',
        status: 409,
        message: expect.stringMatching(/endpoint:forecast.*has no gate to pass.*override and a reason/),
      });
      await governance.putGate({ name: 'forecaster', rules: [naive] }, caller);
      await expect(ask(2)).rejects.toThrow(/no evaluation of it was held against the gate/);
      addEvaluation('ev_bad', 2, 9.6);
      await expect(ask(2)).rejects.toThrow(/rule 'naive' failed \(must beat the same as yesterday/);
      expect((await promotions()).map((each) => each.state)).toEqual(['refused', 'refused', 'refused']);
      expect(await alias()).toBe(1);
      const actions = (await audit()).map((entry) => entry.action);
      expect(actions).toContain('gate.refused');
      expect(actions.filter((action) => action === 'promotion.refused')).toHaveLength(3);
    });

    test('a version that passes is asked for once, by whoever may approve or after an approval', async () => {
      const { ask, promotions, alias, governance, addEvaluation, caller, registry } = await openBound();
      await governance.putGate({ name: 'forecaster', rules: [naive] }, caller);
      addEvaluation('ev_good', 2, 1.1);
      const editor: Caller = { ...caller, actor: 'user:edith', role: 'editor' };
      await expect(ask(2, editor)).rejects.toThrow(/its gate passed.*nobody who may approve/);
      expect((await registry.resolve('forecaster@2', caller.workspace)).approval).toBe('none');
      await expect(ask(2)).rejects.toMatchObject({ code: 'promotionRequested', status: 409 });
      expect((await registry.resolve('forecaster@2', caller.workspace)).approval).toBe('approved');
      await expect(ask(2, editor)).rejects.toMatchObject({ code: 'promotionRequested' });
      const [asked, ...before] = await promotions();
      expect(before.map((each) => each.state)).toEqual(['refused']);
      expect(asked).toMatchObject({
        ...{ model: 'forecaster@2', alias: 'champion', endpoint: 'forecast', state: 'requested' },
        ...{ rollout: null, createdBy: caller.actor },
      });
      expect(await alias()).toBe(1);
      expect(await governance.getPromotion({ id: asked?.id ?? '' }, caller)).toEqual(asked);
      await expect(governance.getPromotion({ id: 'pr_x' }, caller)).rejects.toMatchObject({
        code: 'promotionNotFound',
      });
    });

    test('many who ask at once ask for one promotion', async () => {
      const { ask, promotions, approve } = await openBound();
      await approve(2, true);
      const asked = await Promise.allSettled([1, 2, 3, 4].map(() => ask(2)));
      const ids = asked.map((each) => each.status === 'rejected' && each.reason.details.promotion);
      const found = await promotions();
      expect(found.map((each) => each.state)).toEqual(['requested']);
      expect(new Set(ids)).toEqual(new Set([found[0]?.id]));
    });

    test('where it points already there is nothing to ask; without an endpoint it moves at once', async () => {
      const { ask, promotions, alias, governance, caller, registry, db } = await openBound();
      await ask(1);
      await expect(ask(9)).rejects.toMatchObject({ code: 'modelVersionNotFound' });
      await governance.setAlias({ name: 'forecaster', alias: 'best', version: 3 }, caller);
      expect(await promotions()).toEqual([]);
      await transact(db, (tx) => registry.unbindAliases(tx, caller.workspace, 'endpoint:forecast'));
      await ask(3);
      expect(await alias()).toBe(3);
    });
  });

  test('a policy may want tests and a green CI, which rules can read too', async () => {
    const { governance, caller, proofs, addVersion, addEvaluation, check, approve, isReleasable } =
      await openGovernance((await open()).db);
    const version = await addVersion();
    await governance.putGate(
      { name: 'forecaster', rules: [naive], approval: { tests: true, ci: true } },
      caller,
    );
    await check(version, addEvaluation('ev_1', version, 1.2));
    await expect(approve(version)).rejects.toThrow(
      /all four scopes of its tests passed \(unit not run, integration not run, .*tidemill test/,
    );
    const passed = { unit: 'passed', integration: 'passed', system: 'passed', passed: true } as const;
    const tests = { ...passed, acceptance: 'passed' } as const;
    proofs.current = { ...proofs.current, tests: { ...tests, acceptance: 'skipped', passed: false } };
    await expect(approve(version)).rejects.toThrow(/\(acceptance skipped\)/);
    proofs.current = { ...proofs.current, tests };
    await expect(approve(version)).rejects.toThrow(/of c0ffee no CI is recorded \(tidemill ci record\)/);
    const ci = { commit: 'c0ffee', isDirty: true, status: 'passed' } as const;
    proofs.current = { tests, ci };
    await expect(approve(version)).rejects.toThrow(/had changes that are not in c0ffee/);
    proofs.current = { tests, ci: { ...ci, commit: null, isDirty: false, status: 'none' } };
    await expect(approve(version)).rejects.toThrow(/its run names no commit/);
    await expect(isReleasable(version)).rejects.toMatchObject({ code: 'modelNotApproved' });
    proofs.current = { tests, ci: { ...ci, isDirty: false } };
    expect((await approve(version)).decision).toBe('approved');
    const rule = { name: 'tested', expression: 'tests.passed && ci.status == "passed"', message: 'untested' };
    await governance.putGate({ name: 'forecaster', rules: [rule] }, caller);
    expect((await check(version, addEvaluation('ev_2', version, 1.2))).passed).toBe(true);
    proofs.current = { tests: { ...tests, system: 'failed', passed: false }, ci };
    expect((await check(version, addEvaluation('ev_3', version, 1.2))).passed).toBe(false);
  });
});
