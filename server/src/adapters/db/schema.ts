import type { AccessTables } from './tables/access.ts';
import type { AlertsTables } from './tables/alerts.ts';
import type { AnalysesTables } from './tables/analyses.ts';
import type { ArtifactsTables } from './tables/artifacts.ts';
import type { DatasetsTables } from './tables/datasets.ts';
import type { EndpointsTables } from './tables/endpoints.ts';
import type { ErasuresTables } from './tables/erasures.ts';
import type { EvaluationTables } from './tables/evaluation.ts';
import type { ExperimentsTables } from './tables/experiments.ts';
import type { FeaturesTables } from './tables/features.ts';
import type { GovernanceTables } from './tables/governance.ts';
import type { JobsTables } from './tables/jobs.ts';
import type { LoggedModelsTables } from './tables/logged-models.ts';
import type { ModelTestsTables } from './tables/model-tests.ts';
import type { MonitoringTables } from './tables/monitoring.ts';
import type { PlatformTables } from './tables/platform.ts';
import type { PredictionsTables } from './tables/predictions.ts';
import type { ProfilingTables } from './tables/profiling.ts';
import type { ProjectsTables } from './tables/projects.ts';
import type { RegistryTables } from './tables/registry.ts';
import type { RetrainingTables } from './tables/retraining.ts';
import type { RolloutsTables } from './tables/rollouts.ts';
import type { SourcesTables } from './tables/sources.ts';
import type { SweepsTables } from './tables/sweeps.ts';
import type { ValidationTables } from './tables/validation.ts';
import type { WebhooksTables } from './tables/webhooks.ts';

/** Every table of the metadata database. A domain adds `tables/<domain>.ts` and its name to this list. */
export interface Database
  extends PlatformTables,
    AccessTables,
    DatasetsTables,
    ValidationTables,
    ProfilingTables,
    AnalysesTables,
    FeaturesTables,
    SourcesTables,
    ExperimentsTables,
    ArtifactsTables,
    LoggedModelsTables,
    JobsTables,
    SweepsTables,
    RegistryTables,
    EvaluationTables,
    GovernanceTables,
    ModelTestsTables,
    EndpointsTables,
    PredictionsTables,
    RolloutsTables,
    MonitoringTables,
    AlertsTables,
    RetrainingTables,
    ProjectsTables,
    WebhooksTables,
    ErasuresTables {}
