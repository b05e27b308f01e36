import type { Attestation, Input, ModelVersion, scoreEndpoints, TestScore } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { ifThere } from '../../base/if-there.ts';
import { formatReference, toUri } from '../../base/references.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Validation } from '../../data/validation/service.ts';
import type { Jobs } from '../../training/jobs/service.ts';
import type { Assessments } from '../assessments/service.ts';
import type { Evaluations } from '../evaluation/service.ts';
import type { Governance } from '../governance/service.ts';
import type { Registry } from '../registry/service.ts';
import type { ScoreFacts, ServingFacts } from './findings.ts';
import { scoreOf } from './rules.ts';
import { scoreStore } from './store.ts';

export interface ScoresDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly registry: Pick<Registry, 'resolve' | 'get'>;
  readonly governance: Pick<Governance, 'getGate' | 'listChecks'>;
  readonly evaluations: Pick<Evaluations, 'list' | 'get'>;
  readonly assessments: Pick<Assessments, 'newest'>;
  readonly datasets: Pick<Datasets, 'resolve'>;
  readonly validation: Pick<Validation, 'findExpectations'>;
  readonly jobs: Pick<Jobs, 'rebuilds'>;
  /** What the wings above know of it. */
  readonly servingOf: (version: ModelVersion, caller: Caller) => Promise<ServingFacts>;
}

type Contract = typeof scoreEndpoints;

/** The ready policy "ML Test Score": 28 tests of which some are found, and the rest are attested by people. */
export function createScores(deps: ScoresDependencies) {
  const { db, changes, clock, registry, governance, evaluations, assessments, datasets } = deps;

  async function findEvaluation(version: ModelVersion, id: string | undefined, caller: Caller) {
    const newest =
      id ?? (await evaluations.list({ model: version.reference, limit: 1 }, caller)).items[0]?.id;
    return newest === undefined ? null : ifThere(evaluations.get({ id: newest }, caller));
  }

  async function findRebuild({ runId }: ModelVersion, caller: Caller): Promise<ScoreFacts['rebuild']> {
    const found = runId === null ? null : await ifThere(deps.jobs.rebuilds({ id: runId }, caller));
    const equal = found?.items.find(({ result }) => result !== null && result.verdict !== 'different');
    return equal?.result ? { jobId: equal.jobId, verdict: equal.result.verdict } : null;
  }

  async function factsOf(version: ModelVersion, caller: Caller): Promise<ScoreFacts> {
    const { workspace } = caller;
    const key = { name: version.model, version: String(version.version) };
    const [check = null] = (await governance.listChecks(key, caller)).items;
    const { trainingSet: learned } = version;
    const trainingSet = learned === null ? null : await ifThere(datasets.resolve(learned, workspace));
    const expected = trainingSet && (await deps.validation.findExpectations(trainingSet.dataset, workspace));
    return {
      version,
      gate: await ifThere(governance.getGate({ name: version.model }, caller)),
      check,
      evaluation: await findEvaluation(version, check?.evaluation, caller),
      assessments: await assessments.newest(version, workspace),
      trainingSet,
      expectations: expected?.length ?? 0,
      rebuild: await findRebuild(version, caller),
      serving: await deps.servingOf(version, caller),
    };
  }

  async function of(version: ModelVersion, caller: Caller): Promise<TestScore> {
    const attested = await scoreStore(db).listAttestations(caller.workspace, version.model);
    return scoreOf(version.reference, await factsOf(version, caller), attested);
  }

  return {
    of,

    /** @throws modelNotFound, modelVersionNotFound */
    get: async ({ name, version }: Input<Contract['get']>, caller: Caller): Promise<TestScore> =>
      of(await registry.resolve(formatReference(name, version), caller.workspace), caller),

    /** @throws modelNotFound */
    async attest({ name, test, note }: Input<Contract['attest']>, caller: Caller): Promise<Attestation> {
      const { workspace, actor } = caller;
      if (note.trim() === '') throw errors.attestationNoteMissing({ test });
      await registry.get({ name }, caller);
      const attestation = { note, actor, createdAt: clock.now() };
      await changes.run(caller, async (tx, record) => {
        await scoreStore(tx).saveAttestation(workspace, name, test, attestation);
        record({ action: 'model.attested', subject: toUri('model', name), detail: { test, note } });
      });
      return attestation;
    },

    /** @throws attestationNotFound */
    async withdraw(
      { name, test }: Input<Contract['withdraw']>,
      caller: Caller,
    ): Promise<Record<string, never>> {
      await changes.run(caller, async (tx, record) => {
        const found = await scoreStore(tx).deleteAttestation(caller.workspace, name, test);
        if (!found) throw errors.attestationNotFound({ model: name, test });
        record({ action: 'model.attestationWithdrawn', subject: toUri('model', name), detail: { test } });
      });
      return {};
    },

    renameIn: (tx: Db, workspace: string, name: string, to: string): Promise<void> =>
      scoreStore(tx).rename(workspace, name, to),
  };
}

export type Scores = ReturnType<typeof createScores>;
