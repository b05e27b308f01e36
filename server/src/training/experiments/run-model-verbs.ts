import { type Db, lockKey } from '../../adapters/db/db.ts';
import { errors } from '../../base/errors.ts';
import { toUri } from '../../base/references.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { assertCount, limits } from './limits.ts';
import { loggedModelStore } from './logged-models/model-store.ts';
import { runModelStore } from './run-model-store.ts';
import { runStore } from './run-store.ts';
import { createRunWriter } from './run-writer.ts';

/** Where clients before MLflow 3 note the models they logged, one after the other. */
const historyTag = 'mlflow.log-model.history';
/** Some thousand models; it is sent with every look at the run. */
const longestHistory = 1_000_000;

export interface LinkedModel {
  readonly modelId: string;
  readonly step?: number | undefined;
}

/** Gives the function that notes which logged models a run read or made, and their lineage. @throws loggedModelNotFound */
export function createModelLinker({ lineage }: Pick<ExperimentsDependencies, 'lineage'>) {
  return async (
    tx: Db,
    run: { readonly id: string; readonly workspace: string },
    role: 'input' | 'output',
    models: readonly LinkedModel[],
  ): Promise<void> => {
    if (models.length === 0) return;
    assertCount('models', models.length, limits.inputsAtOnce);
    const { id, workspace } = run;
    const known = await loggedModelStore(tx).listKnown(
      workspace,
      models.map(({ modelId }) => modelId),
    );
    const unknown = models.find(({ modelId }) => !known.has(modelId));
    if (unknown) throw errors.loggedModelNotFound({ model: unknown.modelId.slice(0, 80) });
    await runModelStore(tx).save(id, role, models);
    const edges = [...known].map((modelId) => {
      const [runUri, modelUri] = [toUri('run', id), toUri('logged-model', modelId)];
      return role === 'input'
        ? { from: modelUri, to: runUri, relation: 'input' }
        : { from: runUri, to: modelUri, relation: 'output' };
    });
    await lineage.recordEdges(tx, workspace, edges);
  };
}

export function createRunModelVerbs({ db, lineage }: ExperimentsDependencies) {
  const writeTo = createRunWriter(db);
  const link = createModelLinker({ lineage });

  return {
    async logOutputs(id: string, models: readonly LinkedModel[], workspace: string): Promise<void> {
      await writeTo(id, workspace, (tx) => link(tx, { id, workspace }, 'output', models));
    },

    /** Adds to the list of models that clients before MLflow 3 keep in a tag of the run. */
    async logModel(id: string, model: Readonly<Record<string, unknown>>, workspace: string): Promise<void> {
      await writeTo(id, workspace, async (tx) => {
        await lockKey(tx, `log-model/${id}`);
        const value = JSON.stringify([
          ...parseHistory(await runModelStore(tx).findTag(id, historyTag)),
          model,
        ]);
        if (value.length > longestHistory)
          throw errors.trackingValueInvalid({
            where: historyTag,
            reason: `the run has logged more models than ${longestHistory} characters hold; start a new run`,
          });
        await runStore(tx).saveTags(id, [{ key: historyTag, value }]);
      });
    },
  };
}

/** Anybody may set the tag; what is no list is begun anew. */
function parseHistory(text: string | null): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
