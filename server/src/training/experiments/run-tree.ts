import type { ExperimentsDependencies } from './dependencies.ts';
import { loggedModelStore } from './logged-models/model-store.ts';
import { isLoggedModelId } from './logged-models/rules.ts';
import { runModelStore } from './run-model-store.ts';
import { runStore } from './run-store.ts';
import { uploadStore } from './upload-store.ts';

const parentTag = 'mlflow.parentRunId';
/** Runs nested deeper than that belong to nobody; no training does it, and a circle would never end. */
const deepest = 16;

/** Which things belong to a run: runs nested in it at any depth, models that these logged, uploads to either. */
export function createRunTree({ db }: Pick<ExperimentsDependencies, 'db'>) {
  async function isNested(id: string, root: string): Promise<boolean> {
    let at: string | null = id;
    for (let depth = 0; at !== null && depth <= deepest; depth++) {
      if (at === root) return true;
      at = await runModelStore(db).findTag(at, parentTag);
    }
    return false;
  }

  return {
    /** Of an experiment: whether the run is in it, so that another may be begun beside it. */
    async belongsToRun(uri: string, root: string, workspace: string): Promise<boolean> {
      const [kind = '', id = ''] = uri.split(/:(.*)/s);
      switch (kind) {
        case 'run':
          return isNested(id, root);
        case 'experiment':
          return (await runStore(db).findState(workspace, root))?.experimentId === id;
        case 'logged-model': {
          const source = isLoggedModelId(id) ? await loggedModelStore(db).findSourceRun(workspace, id) : null;
          return source !== null && isNested(source, root);
        }
        case 'upload': {
          const owner = (await uploadStore(db).find(workspace, id))?.owner;
          if (owner === undefined) return false;
          return this.belongsToRun(
            `${isLoggedModelId(owner) ? 'logged-model' : 'run'}:${owner}`,
            root,
            workspace,
          );
        }
        default:
          return false;
      }
    },
  };
}
