import type { Download, governanceEndpoints, Input, Reproduction } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { formatReference } from '../../base/references.ts';
import { type ApprovalsDependencies, createApprovals } from './approvals.ts';
import { type BundleDependencies, createBundles } from './bundle.ts';
import { createEnvironments } from './environments.ts';
import { createGates, type GatesDependencies } from './gates.ts';
import { createPromotions, type PromotionsDependencies } from './promotions.ts';
import { createReproductions, type ReproductionDependencies } from './reproduction.ts';
import { governanceStore } from './store.ts';
import { createTransitions, type TransitionDependencies } from './transitions.ts';

export type GovernanceDependencies = GatesDependencies &
  ApprovalsDependencies &
  BundleDependencies &
  ReproductionDependencies &
  PromotionsDependencies &
  TransitionDependencies;

type Contract = typeof governanceEndpoints;

/** Which models may go out, by whose word, and whether they can be made again. */
export function createGovernance(deps: GovernanceDependencies) {
  const bundles = createBundles(deps);
  const reproductions = createReproductions(deps);

  const environments = createEnvironments(deps);
  const decisions = { ...createGates(deps), ...createApprovals(deps), ...environments };

  const promotions = createPromotions(deps, decisions);

  return {
    ...decisions,
    ...promotions,
    ...createTransitions(deps, { ...decisions, ...promotions }),

    /** A renamed model keeps its gate, checks and approvals. */
    renameIn: (tx: Db, workspace: string, name: string, to: string): Promise<void> =>
      governanceStore(tx).rename(workspace, name, to),

    /** @throws bundleUnavailable for a model whose training is not known */
    async exportBundle(input: Input<Contract['exportBundle']>, caller: Caller): Promise<Download> {
      const reference = formatReference(input.name, input.version);
      return bundles.pack(await deps.registry.resolve(reference, caller.workspace), caller.workspace);
    },

    reproduce: (input: Input<Contract['reproduce']>, signal?: AbortSignal): Promise<Reproduction> =>
      reproductions.reproduce(input.content, signal),
  };
}

export type Governance = ReturnType<typeof createGovernance>;
