import { accessEndpoints } from './access.ts';
import { analysesEndpoints } from './analyses.ts';
import { assessmentEndpoints } from './assessments.ts';
import { auditEndpoints } from './audit.ts';
import { commentsEndpoints } from './comments.ts';
import { datasetsEndpoints } from './datasets.ts';
import { entitiesEndpoints } from './entities.ts';
import { evaluationEndpoints } from './evaluations.ts';
import { eventSinksEndpoints } from './event-sinks.ts';
import { evidenceEndpoints } from './evidence.ts';
import { experimentsEndpoints } from './experiments.ts';
import { featureServicesEndpoints } from './feature-services.ts';
import { featuresEndpoints } from './features.ts';
import { garbageEndpoints } from './garbage.ts';
import { grantsEndpoints, groupsEndpoints } from './grants.ts';
import { inspectionEndpoints } from './inspections.ts';
import { jobsEndpoints } from './jobs.ts';
import { lifecycleEndpoints } from './lifecycle.ts';
import { lineageExportEndpoints } from './lineage-export.ts';
import { loggedModelsEndpoints } from './logged-models.ts';
import { cardsEndpoints } from './model-cards.ts';
import { ciEndpoints, modelTestsEndpoints } from './model-tests.ts';
import { governanceEndpoints, registryEndpoints } from './models.ts';
import {
  alertsEndpoints,
  monitoringEndpoints,
  overviewEndpoints,
  projectsEndpoints,
  retrainingEndpoints,
} from './operations.ts';
import { ownersEndpoints } from './owners.ts';
import { predictionLineageEndpoints } from './prediction-lineage.ts';
import { profilingEndpoints } from './profiling.ts';
import { scoringsEndpoints } from './scorings.ts';
import { endpointsEndpoints, predictionsEndpoints, rolloutsEndpoints } from './serving.ts';
import { sourcesEndpoints } from './sources.ts';
import { studyEndpoints } from './studies.ts';
import { subjectsEndpoints } from './subjects.ts';
import { sweepsEndpoints } from './sweeps.ts';
import { systemEndpoints } from './system.ts';
import { scoreEndpoints } from './test-scores.ts';
import { accountEndpoints, usersEndpoints } from './users.ts';
import { validationEndpoints } from './validation.ts';
import { webhooksEndpoints } from './webhooks.ts';

/** Everything the HTTP interface promises, by domain. */
export const contract = {
  access: accessEndpoints,
  audit: auditEndpoints,
  comments: commentsEndpoints,
  owners: ownersEndpoints,
  subjects: subjectsEndpoints,
  account: accountEndpoints,
  users: usersEndpoints,
  groups: groupsEndpoints,
  grants: grantsEndpoints,
  system: systemEndpoints,
  garbage: garbageEndpoints,
  sources: sourcesEndpoints,
  datasets: datasetsEndpoints,
  validation: validationEndpoints,
  profiling: profilingEndpoints,
  analyses: analysesEndpoints,
  entities: entitiesEndpoints,
  features: featuresEndpoints,
  featureServices: featureServicesEndpoints,
  experiments: experimentsEndpoints,
  loggedModels: loggedModelsEndpoints,
  jobs: jobsEndpoints,
  sweeps: sweepsEndpoints,
  registry: registryEndpoints,
  evaluation: evaluationEndpoints,
  assessments: assessmentEndpoints,
  studies: studyEndpoints,
  governance: governanceEndpoints,
  inspections: inspectionEndpoints,
  scores: scoreEndpoints,
  lifecycle: lifecycleEndpoints,
  cards: cardsEndpoints,
  evidence: evidenceEndpoints,
  modelTests: modelTestsEndpoints,
  ci: ciEndpoints,
  webhooks: webhooksEndpoints,
  endpoints: endpointsEndpoints,
  eventSinks: eventSinksEndpoints,
  predictions: predictionsEndpoints,
  predictionLineage: predictionLineageEndpoints,
  lineageExport: lineageExportEndpoints,
  rollouts: rolloutsEndpoints,
  scorings: scoringsEndpoints,
  monitoring: monitoringEndpoints,
  alerts: alertsEndpoints,
  retraining: retrainingEndpoints,
  projects: projectsEndpoints,
  overview: overviewEndpoints,
} as const;
export type Contract = typeof contract;

export * from './access.ts';
export * from './analyses.ts';
export * from './assessments.ts';
export * from './audit.ts';
export * from './comments.ts';
export * from './common.ts';
export {
  ChangeKind,
  ColumnChange,
  DatasetDiff,
  DiffRow,
} from './dataset-diff.ts';
export * from './datasets.ts';
export * from './endpoint.ts';
export * from './entities.ts';
export * from './evaluations.ts';
export * from './event-sinks.ts';
export * from './evidence.ts';
export * from './experiments.ts';
export * from './feature-health.ts';
export * from './feature-search.ts';
export * from './feature-services.ts';
export * from './feature-uses.ts';
export * from './feature-views.ts';
export * from './features.ts';
export * from './garbage.ts';
export * from './grants.ts';
export * from './inspections.ts';
export * from './jobs.ts';
export * from './judgements.ts';
export * from './lifecycle.ts';
export * from './lineage-export.ts';
export * from './logged-models.ts';
export * from './model-cards.ts';
export * from './model-tests.ts';
export * from './models.ts';
export * from './online-features.ts';
export * from './operations.ts';
export * from './owners.ts';
export * from './prediction-lineage.ts';
export * from './profiling.ts';
export * from './scorings.ts';
export * from './serving.ts';
export * from './sources.ts';
export * from './studies.ts';
export * from './subjects.ts';
export * from './sweeps.ts';
export * from './system.ts';
export * from './test-scores.ts';
export * from './training-sets.ts';
export * from './users.ts';
export * from './validation.ts';
export * from './webhooks.ts';
