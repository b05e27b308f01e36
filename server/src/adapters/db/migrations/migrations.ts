import type { Migration } from '../migrate.ts';
import { migration as platform } from './001-platform.ts';
import { migration as access } from './002-access.ts';
import { migration as secrets } from './003-secrets.ts';
import { migration as datasets } from './010-datasets.ts';
import { migration as features } from './011-features.ts';
import { migration as datasetDeltas } from './012-dataset-deltas.ts';
import { migration as validation } from './013-validation.ts';
import { migration as sources } from './014-sources.ts';
import { migration as profiling } from './015-profiling.ts';
import { migration as datasetVerbs } from './016-dataset-verbs.ts';
import { migration as analyses } from './017-analyses.ts';
import { migration as featureCatalogue } from './018-feature-catalogue.ts';
import { migration as experiments } from './020-experiments.ts';
import { migration as jobs } from './021-jobs.ts';
import { migration as onlineFeatures } from './021-online-features.ts';
import { migration as featureHealth } from './022-feature-health.ts';
import { migration as sweeps } from './022-sweeps.ts';
import { migration as loggedModels } from './023-logged-models.ts';
import { migration as madeBy } from './024-made-by.ts';
import { migration as metricSummaries } from './025-metric-summaries.ts';
import { migration as runInputReferences } from './025-run-input-references.ts';
import { migration as artifacts } from './026-artifacts.ts';
import { migration as search } from './027-search.ts';
import { migration as artifactFolders } from './028-artifact-folders.ts';
import { migration as registry } from './030-registry.ts';
import { migration as evaluation } from './031-evaluation.ts';
import { migration as governance } from './032-governance.ts';
import { migration as registeredModels } from './033-registered-models.ts';
import { migration as webhooks } from './034-webhooks.ts';
import { migration as modelVersionStages } from './035-model-version-stages.ts';
import { migration as jobFiles } from './036-job-files.ts';
import { migration as sweepSearches } from './037-sweep-searches.ts';
import { migration as modelCards } from './038-model-cards.ts';
import { migration as sweepConfirmations } from './039-sweep-confirmations.ts';
import { migration as endpoints } from './040-endpoints.ts';
import { migration as jobKeys } from './040-job-keys.ts';
import { migration as predictions } from './041-predictions.ts';
import { migration as rebuilds } from './041-rebuilds.ts';
import { migration as rollouts } from './042-rollouts.ts';
import { migration as tokenResources } from './042-token-resources.ts';
import { migration as tokenLimits } from './043-token-limits.ts';
import { migration as evaluationSources } from './044-evaluation-sources.ts';
import { migration as approvalPolicies } from './049-approval-policies.ts';
import { migration as monitoring } from './050-monitoring.ts';
import { migration as users } from './050-users.ts';
import { migration as alerts } from './051-alerts.ts';
import { migration as grants } from './051-grants.ts';
import { migration as retraining } from './052-retraining.ts';
import { migration as auditChain } from './053-audit-chain.ts';
import { migration as projects } from './053-projects.ts';
import { migration as comments } from './054-comments.ts';
import { migration as owners } from './055-owners.ts';
import { migration as studies } from './056-studies.ts';
import { migration as assessments } from './058-assessments.ts';
import { migration as environments } from './059-environments.ts';
import { migration as modelTests } from './060-model-tests.ts';
import { migration as lifecycle } from './061-lifecycle.ts';
import { migration as erasures } from './063-erasures.ts';
import { migration as cachedTrials } from './066-cached-trials.ts';
import { migration as modelOutputs } from './068-model-outputs.ts';
import { migration as tokenQuotas } from './070-token-quotas.ts';
import { migration as fallbackSteps } from './071-fallback-steps.ts';
import { migration as predictionLogSettings } from './073-prediction-log-settings.ts';
import { migration as eventSinks } from './077-event-sinks.ts';

/** The one ordered list. A domain adds `NNN-<domain>.ts` and a line here; a released migration never changes. */
export const migrations: readonly Migration[] = [
  platform,
  access,
  secrets,
  datasets,
  features,
  datasetDeltas,
  validation,
  sources,
  profiling,
  datasetVerbs,
  analyses,
  featureCatalogue,
  experiments,
  jobs,
  onlineFeatures,
  featureHealth,
  sweeps,
  loggedModels,
  madeBy,
  metricSummaries,
  runInputReferences,
  artifacts,
  search,
  artifactFolders,
  registry,
  evaluation,
  governance,
  registeredModels,
  webhooks,
  modelVersionStages,
  jobFiles,
  sweepSearches,
  sweepConfirmations,
  jobKeys,
  rebuilds,
  approvalPolicies,
  tokenResources,
  tokenLimits,
  modelCards,
  endpoints,
  predictions,
  rollouts,
  evaluationSources,
  studies,
  monitoring,
  alerts,
  retraining,
  projects,
  assessments,
  auditChain,
  comments,
  owners,
  environments,
  modelTests,
  cachedTrials,
  erasures,
  lifecycle,
  users,
  grants,
  tokenQuotas,
  modelOutputs,
  fallbackSteps,
  predictionLogSettings,
  eventSinks,
];
