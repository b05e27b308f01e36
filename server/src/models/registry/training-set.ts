import type { Run } from '@tidemill/contract';
import { TidemillError } from '../../base/errors.ts';

export interface TrainingSetDependencies {
  readonly datasets: {
    resolve(
      reference: string,
      workspace: string,
    ): Promise<{ readonly uri: string; readonly columns: readonly { readonly name: string }[] }>;
  };
}

export interface ReadVersion {
  readonly uri: string;
  /** `training` where whoever logged it said so. */
  readonly context: string;
  readonly columns: readonly string[];
}

/**
 * What a model learned from, where no recipe of ours says it: of the dataset versions that its run read, the one that has
 * every column of its signature; of several, the one that was logged for training. Null when that leaves more than one.
 */
export function pickTrainingSet(read: readonly ReadVersion[], signature: readonly string[]): string | null {
  const fitting = read.filter(({ columns }) => signature.every((name) => columns.includes(name)));
  const training = fitting.filter(({ context }) => context === 'training');
  const uris = new Set((training.length > 0 ? training : fitting).map(({ uri }) => uri));
  const [only] = uris;
  return uris.size === 1 && only !== undefined ? only : null;
}

/** Versions that were deleted since are left out. */
export async function findTrainingSet(
  { datasets }: TrainingSetDependencies,
  run: Pick<Run, 'inputs'>,
  signature: readonly string[],
  workspace: string,
): Promise<string | null> {
  const read: ReadVersion[] = [];
  for (const { dataset, context } of run.inputs) {
    if (dataset === null) continue;
    const version = await datasets.resolve(dataset, workspace).catch((error: unknown) => {
      if (error instanceof TidemillError && error.status === 404) return null;
      throw error;
    });
    if (version) read.push({ uri: version.uri, context, columns: version.columns.map(({ name }) => name) });
  }
  return pickTrainingSet(read, signature);
}
