import { crc32 } from 'node:zlib';
import { createAshaRule } from './asha.ts';
import type { PruningRule, TrialReports } from './pruner.ts';

export interface HyperbandInput {
  /** Name of the sweep: with a trial's number it decides on the trial's bracket. */
  readonly name: string;
  readonly minimumResource?: number;
  /** The most steps a trial can take; by default one more than the last step of the longest trial among the first complete ones. */
  readonly maximumResource?: number | null;
  readonly reductionFactor?: number;
}

/**
 * Hyperband: several brackets of successive halving, each stopping later than the one before, share the trials. As Optuna
 * 5.0's HyperbandPruner. Sources: Li et al. (2018), JMLR 18(185); Falkner et al. (2018), ICML.
 */
export function createHyperbandRule({
  name,
  minimumResource = 1,
  maximumResource = null,
  reductionFactor = 3,
}: HyperbandInput): PruningRule {
  let brackets: readonly PruningRule[] = [];
  let shares: readonly number[] = [];
  let longest = -1;

  function openBrackets(): void {
    const resource = maximumResource ?? (longest >= 0 ? longest + 1 : null);
    if (brackets.length > 0 || resource === null) return;
    const count = Math.floor(Math.log(resource / minimumResource) / Math.log(reductionFactor)) + 1;
    brackets = Array.from({ length: count }, (_, earlyStoppingRate) =>
      createAshaRule({ minimumResource, reductionFactor, earlyStoppingRate }),
    );
    shares = brackets.map((_, bracket) => {
      const rungs = count - bracket;
      return Math.ceil((count * reductionFactor ** (rungs - 1)) / rungs);
    });
  }

  /** None until the brackets are known. */
  function bracketOf({ number }: TrialReports): PruningRule | undefined {
    if (brackets.length === 0) return undefined;
    let left = crc32(`${name}_${number}`) % shares.reduce((sum, share) => sum + share, 0);
    const bracket = shares.findIndex((share) => {
      left -= share;
      return left < 0;
    });
    return brackets[bracket];
  }

  return {
    judge(trial) {
      openBrackets();
      return bracketOf(trial)?.judge(trial) ?? false;
    },
    learn(trial) {
      longest = Math.max(longest, trial.lastStep);
      bracketOf(trial)?.learn(trial);
    },
  };
}
