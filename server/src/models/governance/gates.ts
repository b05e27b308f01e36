import { isDeepStrictEqual } from 'node:util';
import type {
  DatasetVersion,
  Evaluation,
  Gate,
  GateCheck,
  governanceEndpoints,
  Input,
  ModelVersion,
  Page,
} from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { ifThere } from '../../base/if-there.ts';
import { formatReference, toUri } from '../../base/references.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Validation } from '../../data/validation/service.ts';
import type { Assessments } from '../assessments/service.ts';
import type { Evaluations } from '../evaluation/service.ts';
import type { Studies } from '../evaluation/studies/service.ts';
import type { Registry } from '../registry/service.ts';
import { assessedFactsOf } from './assessed-facts.ts';
import { type Facts, factsOf } from './facts.ts';
import { checkRules, findFault, type Proofs, toVariables, verdictOf } from './rules.ts';
import { governanceStore } from './store.ts';
import { studyFactsOf } from './study-facts.ts';

export interface GatesDependencies {
  readonly db: Db;
  readonly registry: Pick<Registry, 'resolve' | 'lifecycle'>;
  readonly evaluations: Pick<Evaluations, 'get'>;
  readonly datasets: Pick<Datasets, 'resolve'>;
  readonly validation: Pick<Validation, 'list' | 'get'>;
  readonly assessments: Pick<Assessments, 'newest'>;
  readonly studies: Pick<Studies, 'newest'>;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly proofsOf: (version: ModelVersion, caller: Caller) => Promise<Proofs>;
}

type Contract = typeof governanceEndpoints;

const pick = ({ rules, approval, environments }: Gate) => ({ rules, approval, environments });

/** Rules that a version must keep, and the checks of them. */
const keyOf = (workspace: string, { model, version }: ModelVersion) => ({ workspace, model, version });

const gateMoveOf = ({ id, passed }: GateCheck) =>
  ({ cause: passed ? 'gate.passed' : 'gate.refused', reason: `gate check ${id}` }) as const;

export function createGates(deps: GatesDependencies) {
  const { db, registry, evaluations, datasets, validation, assessments, studies, changes, clock } = deps;

  /** What was found of each expectation, when this version of the dataset was last held against them. */
  async function findOutcomes({ dataset: name, version }: DatasetVersion, caller: Caller) {
    const { items } = await validation.list({ name, version: String(version), limit: 1 }, caller);
    const [newest] = items;
    return newest ? (await validation.get({ name, id: newest.id }, caller)).outcomes : [];
  }

  async function findFacts(version: ModelVersion, evaluation: Evaluation, caller: Caller): Promise<Facts> {
    const { workspace } = caller;
    const { trainingSet } = version;
    const champion = evaluation.champion?.name;
    const data = trainingSet === null ? null : await ifThere(datasets.resolve(trainingSet, workspace));
    const before = champion === undefined ? null : await ifThere(registry.resolve(champion, workspace));
    const outcomes = data === null ? [] : await findOutcomes(data, caller);
    const measured = await assessments.newest(version, workspace);
    return {
      ...factsOf(version, data, before, outcomes, clock.now()),
      ...assessedFactsOf(measured, evaluation.id),
      ...studyFactsOf(await studies.newest(version, workspace), clock.now()),
    };
  }

  return {
    /** Rules that could never be evaluated are refused now, not at the first check. @throws gateRuleInvalid */
    async putGate({ name, ...definition }: Input<Contract['putGate']>, caller: Caller): Promise<Gate> {
      const { rules, approval = null, environments = {} } = definition;
      for (const rule of rules) {
        const reason = findFault(rule, rules);
        if (reason) throw errors.gateRuleInvalid({ model: name, rule: rule.name, reason });
      }
      for (const [environment, { rules: named = [] }] of Object.entries(environments)) {
        const unknown = named.find((rule) => !rules.some((each) => each.name === rule));
        if (unknown === undefined) continue;
        const reason = `the environment '${environment}' asks it, and the gate has no such rule.`;
        throw errors.gateRuleInvalid({ model: name, rule: unknown, reason });
      }
      return changes.run(caller, async (tx, record) => {
        const store = governanceStore(tx);
        const before = await store.findGate(caller.workspace, name);
        // Declaring the same gate again must not make earlier checks stale.
        if (before && isDeepStrictEqual(before, { ...before, rules, approval, environments })) return before;
        const gate: Gate = { model: name, rules, approval, environments, updatedAt: clock.now() };
        await store.saveGate(caller.workspace, gate, caller.actor);
        record({
          action: 'gate.put',
          subject: toUri('gate', name),
          detail: {
            before: before && pick(before),
            ...pick(gate),
          },
        });
        return gate;
      });
    },

    async getGate({ name }: Input<Contract['getGate']>, caller: Caller): Promise<Gate> {
      const found = await governanceStore(db).findGate(caller.workspace, name);
      if (!found) throw errors.gateNotFound({ model: name });
      return found;
    },

    /** Holds an evaluation of exactly this version against the gate as it is now. */
    async check(input: Input<Contract['check']>, caller: Caller): Promise<GateCheck> {
      const version = await registry.resolve(formatReference(input.name, input.version), caller.workspace);
      const evaluation = await evaluations.get({ id: input.evaluation }, caller);
      if (evaluation.model !== version.reference) {
        throw errors.gateEvaluationMismatch({
          model: version.reference,
          evaluation: evaluation.id,
          found: evaluation.model ?? 'a table of predictions',
        });
      }
      const facts = await findFacts(version, evaluation, caller);
      const variables = toVariables(evaluation, { ...facts, ...(await deps.proofsOf(version, caller)) });
      return changes.run(caller, async (tx, record) => {
        const store = governanceStore(tx);
        const gate = await store.findGate(caller.workspace, version.model);
        if (!gate) throw errors.gateNotFound({ model: version.model });
        const check: GateCheck = {
          id: newId('gc'),
          model: version.reference,
          evaluation: evaluation.id,
          ...verdictOf(checkRules(gate.rules, variables)),
          createdAt: clock.now(),
          createdBy: caller.actor,
        };
        await store.insertCheck(keyOf(caller.workspace, version), check);
        const move = gateMoveOf(check);
        await registry.lifecycle.moveIn(tx, record, version, move, caller);
        const { id, passed, verdict, results } = check;
        const failed = results.filter((result) => !result.passed).map((result) => result.rule);
        const action = passed ? 'gate.passed' : 'gate.refused';
        record({
          action,
          subject: version.uri,
          detail: { check: id, evaluation: evaluation.id, verdict, failed },
        });
        return check;
      });
    },

    async listChecks(input: Input<Contract['listChecks']>, caller: Caller): Promise<Page<GateCheck>> {
      const version = await registry.resolve(formatReference(input.name, input.version), caller.workspace);
      const items = await governanceStore(db).listChecks(keyOf(caller.workspace, version), 100);
      return { items, nextCursor: null };
    },
  };
}

export type Gates = ReturnType<typeof createGates>;
