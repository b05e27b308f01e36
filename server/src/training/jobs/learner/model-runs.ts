import type { Caller } from '../../../base/caller.ts';
import type { Experiments } from '../../experiments/service.ts';
import type { Recipe, TrainedModel } from '../../learners/service.ts';
import { toParameters } from '../rules.ts';

/** How a run says what its model was made of, and keeps it. Repeating either changes nothing. */
export function createModelRuns(experiments: Pick<Experiments, 'logBatch' | 'logInputs' | 'putArtifact'>) {
  return {
    async logRecipe(runId: string, recipe: Recipe, caller: Caller): Promise<void> {
      await experiments.logBatch({ id: runId, parameters: toParameters(recipe) }, caller);
    },

    /** The dataset version becomes an input of the run, and so part of its lineage. */
    async logTrainingSet(
      runId: string,
      { reference, digest }: Recipe['trainingSet'],
      workspace: string,
    ): Promise<void> {
      const input = {
        name: reference.split('@')[0] ?? reference,
        // MLflow's digests are short.
        digest: digest.slice(0, 36),
        sourceType: 'tidemill',
        source: `dataset:${reference}`,
        ...{ schema: null, profile: null },
        tags: [{ key: 'mlflow.data.context', value: 'training' }],
      };
      await experiments.logInputs(runId, [input], workspace);
    },

    /** The folder under `model/`; its recipe beside it, as the folder's digest must follow from its own bytes. */
    async storeModel(runId: string, recipe: Recipe, model: TrainedModel, caller: Caller): Promise<void> {
      const text = new TextEncoder().encode(`${JSON.stringify(recipe, null, 2)}\n`);
      await experiments.putArtifact({ id: runId, path: 'recipe.json', content: text }, caller);
      for (const [path, content] of model.files)
        await experiments.putArtifact({ id: runId, path: `model/${path}`, content }, caller);
    },
  };
}

export type ModelRuns = ReturnType<typeof createModelRuns>;
