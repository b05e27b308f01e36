import { ownRoot } from './artifact-location.ts';
import { createArtifactVerbs } from './artifact-verbs.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { createDiffVerbs } from './diff-verbs.ts';
import { createExperimentVerbs } from './experiment-verbs.ts';
import { createInputVerbs } from './input-verbs.ts';
import { createKeyVerbs } from './key-verbs.ts';
import { createLogVerbs } from './log-verbs.ts';
import { createLoggedModelSearch } from './logged-models/search-verbs.ts';
import { createLoggedModelVerbs } from './logged-models/verbs.ts';
import { createOwnedRunVerbs } from './owned-runs.ts';
import { createRemovalVerbs } from './removal-verbs.ts';
import { createRunModelVerbs } from './run-model-verbs.ts';
import { createRunTree } from './run-tree.ts';
import { createRunVerbs } from './run-verbs.ts';
import { createSampleVerbs } from './sample-verbs.ts';
import { createSearchVerbs } from './search-verbs.ts';
import { createSummaryPreparation } from './summary-preparation.ts';
import { createUploadVerbs } from './upload-verbs.ts';
import { createWatchVerbs } from './watch-verbs.ts';

export { parseArtifactPath } from './artifact-path.ts';
export type { ExperimentsDependencies } from './dependencies.ts';
export { assertBatch } from './limits.ts';
export type { DeletedOwner, DeletedThing } from './removal-store.ts';
export type { FindUsers, Removal } from './removal-verbs.ts';

/** Experiments, their runs, the models they log and what else runs leave behind. Our own routes and MLflow's are two doors to it. */
export function createExperiments(deps: ExperimentsDependencies) {
  const experiments = createExperimentVerbs(deps);
  const artifacts = createArtifactVerbs(deps);
  const preparation = createSummaryPreparation(deps.db);
  const runs = createRunVerbs(deps, experiments.getExperiment, preparation);
  return {
    /** What the locations of new experiments begin with. */
    artifactRoot: deps.folder?.uri ?? ownRoot,
    ...experiments,
    ...runs,
    ...createKeyVerbs(deps, experiments.getExperiment),
    ...createSearchVerbs(deps),
    ...createOwnedRunVerbs(deps),
    ...createRunTree(deps),
    ...createLogVerbs(deps, preparation),
    ...createRunModelVerbs(deps),
    ...createSampleVerbs(deps),
    ...createDiffVerbs(deps),
    ...createWatchVerbs(deps),
    ...createInputVerbs(deps),
    ...artifacts,
    ...createUploadVerbs(deps, artifacts.getTarget),
    ...createRemovalVerbs(deps),
    ...createLoggedModelSearch(deps),
    ...createLoggedModelVerbs(deps, experiments.getExperiment, runs.getRecord),
  };
}

export type Experiments = ReturnType<typeof createExperiments>;
