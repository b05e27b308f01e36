/** What the prediction log says about a rollout, recomputed from its beginning each time, so nothing can be lost. */
import { type SequentialDecision, sequentialDecision } from '../../base/statistics/paired-test.ts';
import type { Pair, Predictions } from '../predictions/service.ts';
import { differencesOf, type Evidence, isActive, looksAt } from './rules.ts';
import type { StoredRollout } from './store.ts';
import { candidateNames, championNames } from './variants.ts';

type Log = Pick<Predictions, 'pairs' | 'failures' | 'window'>;

/** Live units from before the rollout that tell how wrong the champion gets. */
const historyRows = 200;
const seed = 1;

export function createEvidence(log: Log) {
  /** A look costs thousands of sign flips, and nothing new is learned between two looks. */
  const looks = new Map<string, { prefix: number; decision: SequentialDecision }>();
  const histories = new Map<string, readonly number[]>();

  function decide(key: string, { policy }: StoredRollout, pairs: readonly Pair[]): SequentialDecision {
    const count = looksAt(policy.minimumPairs, pairs.length);
    const used = count === 0 ? 0 : policy.minimumPairs * 2 ** (count - 1);
    const differences = differencesOf(pairs);
    // A corrected outcome changes what an earlier look saw.
    const prefix = differences.subarray(0, used).reduce((sum, value, i) => sum + value * (i + 1), used);
    const found = looks.get(key);
    if (found?.prefix === prefix) return found.decision;
    const { minimumPairs, alpha } = policy;
    const decision = sequentialDecision({ differences, minimumPairs, alpha, seed });
    looks.set(key, { prefix, decision });
    return decision;
  }

  async function historyOf(rollout: StoredRollout): Promise<readonly number[]> {
    const found = histories.get(rollout.id);
    if (found) return found;
    const { workspace, endpoint, champion: model } = rollout;
    const rows = await log.window({ workspace, endpoint, model, rows: historyRows });
    const errors = rows.flatMap(({ at, prediction, outcome }) =>
      at < rollout.createdAt && prediction !== null && outcome !== null
        ? [Math.abs(prediction - outcome)]
        : [],
    );
    histories.set(rollout.id, errors);
    return errors;
  }

  return {
    async gather(rollout: StoredRollout): Promise<Evidence | null> {
      const { workspace, endpoint, candidate, champion, createdAt, stage, policy, canaryAt } = rollout;
      if (!isActive(stage)) return null;
      const pairs = await log.pairs({
        ...{ workspace, endpoint, candidate, champion, since: createdAt },
        candidateVariants: candidateNames(rollout),
        championVariants: championNames(rollout),
      });
      const history = await historyOf(rollout);
      const canaryPairs = canaryAt === null ? [] : pairs.filter((pair) => pair.at >= canaryAt);
      const failures =
        canaryAt === null
          ? { count: 0, reason: null }
          : await log.failures({ workspace, endpoint, variants: candidateNames(rollout), since: canaryAt });
      return {
        stage,
        policy,
        pairs,
        canaryPairs,
        championWorst: [...history, ...pairs.map((pair) => pair.championError)].reduce(
          (a, b) => Math.max(a, b),
          0,
        ),
        championErrors: history.length + pairs.length,
        failures,
        decision: decide(rollout.id, rollout, pairs),
        canaryDecision: decide(`${rollout.id}/canary`, rollout, canaryPairs),
      };
    },

    forget(id: string): void {
      looks.delete(id);
      looks.delete(`${id}/canary`);
      histories.delete(id);
    },
  };
}
