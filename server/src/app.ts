/**
 * The only place where adapters meet domains: every object is built once, by hand, in floor order.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { contract } from '@tidemill/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createAudit, createChanges } from './access/audit/service.ts';
import { createAuth } from './access/auth/service.ts';
import { createComments } from './access/comments/service.ts';
import { erasuresRoutes } from './access/erasures/routes.ts';
import { createErasures } from './access/erasures/service.ts';
import { createGrants } from './access/grants/service.ts';
import { createLineage } from './access/lineage/service.ts';
import { createOwners } from './access/owners/service.ts';
import {
  accessRoutes,
  accountRoutes,
  auditRoutes,
  commentsRoutes,
  grantsRoutes,
  groupsRoutes,
  ownersRoutes,
  usersRoutes,
} from './access/routes.ts';
import { createSecrets } from './access/secrets/service.ts';
import { createAccount } from './access/users/account.ts';
import { createUsers } from './access/users/service.ts';
import { lazyAnalytics } from './adapters/analytics/lazy.ts';
import { openFilesystemFolder } from './adapters/artifact-folder/filesystem.ts';
import type { Blobs } from './adapters/blobs/blobs.ts';
import { openFilesystemBlobs } from './adapters/blobs/filesystem.ts';
import { lockDataFolder } from './adapters/db/data-folder-lock.ts';
import type { DatabaseHandle } from './adapters/db/db.ts';
import { openSqlite } from './adapters/db/sqlite.ts';
import { localExecutor } from './adapters/executor/local.ts';
import { workerPool } from './adapters/executor/worker-pool.ts';
import { createPythonRuntimes } from './adapters/inference/python.ts';
import { openRemote } from './adapters/inference/remote.ts';
import { createOpenRuntime } from './adapters/inference/runtimes.ts';
import { resolveByDns } from './adapters/network/network.ts';
import { webhookNotifier } from './adapters/notify/webhook.ts';
import type { OnlineStore } from './adapters/online/online.ts';
import { openSqliteOnline } from './adapters/online/sqlite.ts';
import { localEnvironments } from './adapters/python-environments/local.ts';
import { openSourceReader } from './adapters/sources/reader.ts';
import type { Otlp } from './adapters/traces/otlp.ts';
import { type Clock, systemClock } from './base/clock.ts';
import { errors } from './base/errors.ts';
import type { Logger } from './base/logger.ts';
import { createMetrics, type Family } from './base/metrics/metrics.ts';
import { parseReference, toUri } from './base/references.ts';
import { createTracer } from './base/tracing.ts';
import type { Config, TracesConfig } from './config.ts';
import { analysesRoutes } from './data/analyses/routes.ts';
import { createAnalyses } from './data/analyses/service.ts';
import { datasetsRoutes } from './data/datasets/routes.ts';
import { createDatasets } from './data/datasets/service.ts';
import { feastRoutes } from './data/features/online/feast-routes.ts';
import { entitiesRoutes, featureServicesRoutes, featuresRoutes } from './data/features/routes.ts';
import { createFeatures } from './data/features/service.ts';
import { profilingRoutes } from './data/profiling/routes.ts';
import { createProfiling } from './data/profiling/service.ts';
import { sourcesRoutes } from './data/sources/routes.ts';
import { createSources } from './data/sources/service.ts';
import { validationRoutes } from './data/validation/routes.ts';
import { createValidation } from './data/validation/service.ts';
import { bind } from './http/bind.ts';
import { addDrain } from './http/drain.ts';
import { mayChangeByCookie } from './http/host-guard.ts';
import { createInsideRequests } from './http/inside-requests.ts';
import { mlflowApi } from './http/mlflow/mlflow-api.ts';
import { createRequestTimes } from './http/request-times.ts';
import { createHttp } from './http/server.ts';
import { addStandardRoutes } from './http/standard-routes.ts';
import { addWebUi } from './http/web-ui.ts';
import { assessmentsRoutes } from './models/assessments/routes.ts';
import { createAssessments } from './models/assessments/service.ts';
import { cardsRoutes } from './models/cards/routes.ts';
import { createCards } from './models/cards/service.ts';
import { evaluationRoutes } from './models/evaluation/routes.ts';
import { createEvaluations } from './models/evaluation/service.ts';
import { studyRoutes } from './models/evaluation/studies/routes.ts';
import { createStudies } from './models/evaluation/studies/service.ts';
import { evidenceRoutes } from './models/evidence/routes.ts';
import { createEvidence } from './models/evidence/service.ts';
import { lifecycleRoutes } from './models/governance/lifecycle-routes.ts';
import { governanceMlflowOperations } from './models/governance/mlflow-routes.ts';
import { governanceRoutes } from './models/governance/routes.ts';
import { createGovernance } from './models/governance/service.ts';
import { inspectionsRoutes } from './models/inspections/routes.ts';
import { createInspections } from './models/inspections/service.ts';
import { mlflowFileRoutes } from './models/registry/mlflow/file-routes.ts';
import { registryMlflowOperations } from './models/registry/mlflow-routes.ts';
import { registryRoutes } from './models/registry/routes.ts';
import { createRegistry } from './models/registry/service.ts';
import { measureRanges } from './models/registry/training-range.ts';
import { scoresRoutes } from './models/scores/routes.ts';
import { createScores } from './models/scores/service.ts';
import { webhooksMlflowOperations } from './models/webhooks/mlflow-routes.ts';
import { webhooksRoutes } from './models/webhooks/routes.ts';
import { createWebhooks } from './models/webhooks/service.ts';
import { alertsRoutes } from './operations/alerts/routes.ts';
import { createAlerts } from './operations/alerts/service.ts';
import { systemRoutes } from './operations/automation/routes.ts';
import { createAutomation } from './operations/automation/service.ts';
import { garbageRoutes } from './operations/garbage/routes.ts';
import { createGarbageCollection } from './operations/garbage/service.ts';
import { lineageExportRoutes } from './operations/lineage-export/routes.ts';
import { createLineageExport } from './operations/lineage-export/service.ts';
import { monitoringRoutes } from './operations/monitoring/routes.ts';
import { createMonitoring } from './operations/monitoring/service.ts';
import { overviewRoutes } from './operations/overview/routes.ts';
import { createOverview } from './operations/overview/service.ts';
import { ciRoutes, modelTestsRoutes } from './operations/pipelines/routes.ts';
import { createPipelines } from './operations/pipelines/service.ts';
import { projectsRoutes } from './operations/projects/routes.ts';
import { createProjects } from './operations/projects/service.ts';
import { retrainingRoutes } from './operations/retraining/routes.ts';
import { createRetraining } from './operations/retraining/service.ts';
import { createEvents } from './platform/events/service.ts';
import { createTasks } from './platform/tasks/service.ts';
import { createOpenInference } from './serving/endpoints/open-inference/door.ts';
import type { GrpcOptions, GrpcServer } from './serving/endpoints/open-inference/grpc-server.ts';
import { openInferenceRoutes } from './serving/endpoints/open-inference/routes.ts';
import { endpointsRoutes } from './serving/endpoints/routes.ts';
import { kserveRoutes } from './serving/endpoints/scoring/kserve-routes.ts';
import { mlflowInvocations } from './serving/endpoints/scoring/mlflow-invocations.ts';
import { createEndpoints } from './serving/endpoints/service.ts';
import { eventSinksRoutes } from './serving/event-sinks/routes.ts';
import { createEventSinks } from './serving/event-sinks/service.ts';
import { originsRoutes } from './serving/origins/routes.ts';
import { createOrigins } from './serving/origins/service.ts';
import { predictionsRoutes } from './serving/predictions/routes.ts';
import { createPredictions } from './serving/predictions/service.ts';
import { followPromotions } from './serving/rollouts/promotions.ts';
import { rolloutsRoutes } from './serving/rollouts/routes.ts';
import { createRollouts } from './serving/rollouts/service.ts';
import { scoringsRoutes } from './serving/scorings/routes.ts';
import { createScorings } from './serving/scorings/service.ts';
import { loggedModelsRoutes } from './training/experiments/logged-model-routes.ts';
import { experimentsMlflowOperations, mlflowArtifactRoutes } from './training/experiments/mlflow-routes.ts';
import { experimentsRoutes } from './training/experiments/routes.ts';
import { createExperiments } from './training/experiments/service.ts';
import { jobsRoutes } from './training/jobs/routes.ts';
import { createJobs } from './training/jobs/service.ts';
import { parseMLmodel } from './training/learners/mlflow-model.ts';
import { createLearners } from './training/learners/service.ts';
import { sweepsRoutes } from './training/sweeps/routes.ts';
import { createSweeps } from './training/sweeps/service.ts';
import { version } from './version.ts';

export interface AppOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** How long a task stays a server's that is not heard of. */
  readonly leaseMs?: number;
  /** How long files may be named by a commit of another server that has not ended; 0 where there is none. */
  readonly eraseGraceMs?: number;
}

const usualEraseGraceMs = 600_000;

export async function createApp({ config, logger, clock = systemClock, leaseMs, ...options }: AppOptions) {
  const adapters = await openAdapters(config, logger);
  const { database, blobs, folder, analytics, online, compute, executor, notifier } = adapters;
  const { db } = database;

  const traces = config.traces && (await openTraces(config.traces, logger));
  const tracer = traces && createTracer(traces, config.traces?.share);

  // platform and access
  const events = createEvents({ db, clock, logger });
  const tasks = createTasks({
    ...{ db, clock, logger, tracer, exclusive: database.kind === 'sqlite' },
    ...(leaseMs !== undefined && { leaseMs }),
  });
  const changes = createChanges({ db, clock, events });
  const lineage = createLineage({ db, clock });
  const audit = createAudit({ db, clock, logger });
  const secrets = createSecrets({
    db,
    clock,
    key: config.secretKey,
    file: join(config.dataFolder, 'secret.key'),
  });
  const comments = createComments({
    ...{ db, clock, changes },
    subjects: {
      model: async (reference, caller) => (await registry.resolve(reference, caller.workspace)).uri,
      endpoint: async (name, caller) => toUri('endpoint', (await endpoints.get({ name }, caller)).name),
      alert: async (id, caller) => toUri('alert', (await alerts.get({ id }, caller)).id),
    },
  });
  const eraseGraceMs = options.eraseGraceMs ?? (database.kind === 'sqlite' ? 0 : usualEraseGraceMs);
  const erasures = createErasures({
    ...{ db, changes, clock, logger, events, tasks, lineage },
    scrub: database.scrub,
    haveColumns: (uris, columns, workspace) => datasets.haveColumns(uris, columns, workspace),
    removeBlobs: (ids) => garbage.removeUnnamed(ids, eraseGraceMs),
  });
  const owners = createOwners({
    ...{ db, clock, logger, changes },
    subjects: {
      async model(reference, caller) {
        const { name } = parseReference(reference);
        return toUri('model', (await registry.get({ name }, caller)).name);
      },
      endpoint: async (name, caller) => toUri('endpoint', (await endpoints.get({ name }, caller)).name),
    },
  });
  const trustLocal = isLoopback(config.host);
  const grants = createGrants({
    ...{ db, clock, changes },
    isUser: (tx, workspace, name) => users.isUser(tx, workspace, name),
  });
  const users = createUsers({
    ...{ db, clock, changes, grants },
    endTokens: (tx, workspace, actor) => auth.endTokens(tx, workspace, actor),
  });
  const account = createAccount({ db, users, grants });
  const auth = createAuth({
    ...{ db, clock, changes, users, grants, trustLocal },
    isOfJob: (job, uri, workspace) =>
      uri.startsWith('trial:') ? sweeps.isTrialOfJob(job, uri, workspace) : jobs.isOwn(job, uri, workspace),
  });

  const inside = createInsideRequests();

  // data
  const tempFolder = join(config.dataFolder, 'tmp');
  const cacheFolder = join(config.dataFolder, 'cache', 'rows');
  const diffFolder = join(config.dataFolder, 'cache', 'diffs');
  const datasets = createDatasets({
    ...{ db, changes, lineage, clock, blobs, analytics, tempFolder, cacheFolder, diffFolder, eraseGraceMs },
    checkCommit: (candidate, caller) => validation.checkCommit(candidate, caller),
    forget: (tx, workspace, name) => validation.forget(tx, workspace, name),
  });
  const validation = createValidation({ db, changes, clock, analytics, compute, datasets, tempFolder });
  const profiling = createProfiling({ db, clock, analytics, compute, datasets });
  const sources = createSources({
    db,
    changes,
    clock,
    tasks,
    secrets,
    analytics,
    datasets,
    reader: adapters.sourceReader,
    tempFolder,
  });
  const features = createFeatures({
    ...{ db, changes, lineage, clock, tasks, events, analytics, compute, online, datasets, tempFolder },
  });
  const analyses = createAnalyses({
    ...{ db, changes, lineage, clock, analytics, datasets },
    logTable: (name, workspace, read) => predictions.table(name, workspace, read),
  });

  // training
  const learners = createLearners({ analytics, compute });
  const experiments = createExperiments({ db, blobs, folder, clock, changes, lineage, datasets });
  const environments = localEnvironments({ folder: join(config.dataFolder, 'environments') });
  const jobs = createJobs({
    db,
    blobs,
    lineage,
    analytics,
    executor,
    clock,
    changes,
    events,
    tasks,
    datasets,
    experiments,
    learners,
    folder: join(config.dataFolder, 'jobs'),
    environment: config.commandEnvironment,
    buildEnvironment: config.buildEnvironment,
    environments,
    url: () => addressOf(http, config),
    tokens: auth.jobTokens,
    capacity: config.jobCapacity,
    resolveModel: (reference, workspace) => registry.resolve(reference, workspace),
  });
  const sweeps = createSweeps({ db, clock, changes, events, tasks, datasets, experiments, learners, jobs });

  // models
  const registry = createRegistry({
    db,
    blobs,
    changes,
    lineage,
    events,
    clock,
    logger,
    experiments,
    datasets,
    sweeps,
    parseMLmodel,
    rangesOf: (reference, inputs, workspace) =>
      measureRanges({ analytics, datasets }, reference, inputs, workspace),
    assertMayEnter: (...asked) => governance.assertMayEnter(...asked),
    async renamed(tx, workspace, name, to) {
      await registry.lifecycle.renameIn(tx, workspace, name, to);
      await governance.renameIn(tx, workspace, name, to);
      await assessments.renameIn(tx, workspace, name, to);
      await scores.renameIn(tx, workspace, name, to);
      await cards.renameIn(tx, workspace, name, to);
      await pipelines.renameIn(tx, workspace, name, to);
      await comments.renameIn(tx, workspace, name, to);
      await owners.renameIn(tx, workspace, name, to);
    },
  });
  const pythonRuntimes = createPythonRuntimes({
    executor,
    environments,
    environment: config.commandEnvironment,
    buildEnvironment: config.buildEnvironment,
    folder: join(config.dataFolder, 'cache', 'models'),
    python: config.models.python,
    memoryBytes: config.models.memoryBytes,
  });
  const openRuntime = createOpenRuntime(pythonRuntimes.open, (source) =>
    openRemote(source, { allowPrivate: config.sources.allowPrivate, resolve: resolveByDns }),
  );
  const evaluations = createEvaluations({
    db,
    analytics,
    compute,
    changes,
    lineage,
    clock,
    datasets,
    learners,
    registry,
    openRuntime,
    tempFolder,
  });
  const studies = createStudies({
    db,
    analytics,
    compute,
    changes,
    lineage,
    clock,
    tasks,
    datasets,
    learners,
    registry,
    evaluations,
    openRuntime,
    tempFolder,
  });
  const assessments = createAssessments({
    ...{ db, changes, clock, analytics, datasets, registry, evaluations, openRuntime, tempFolder },
    servedRows: async ({ endpoint, model, rows }, { workspace }) =>
      (await predictions.window({ workspace, endpoint, model, rows })).map(({ features: row }) => row),
  });
  const governance = createGovernance({
    db,
    analytics,
    compute,
    changes,
    clock,
    datasets,
    features,
    learners,
    registry,
    evaluations,
    assessments,
    studies,
    validation,
    tempFolder,
    proofsOf: (version, caller) => pipelines.proofsOf(version, caller),
  });

  const inspections = createInspections({ blobs, compute, registry, parseMLmodel });
  const scores = createScores({
    ...{ db, changes, clock, registry, governance, evaluations, assessments, datasets, validation, jobs },
    async servingOf(version, caller) {
      const { uri, model, reference } = version;
      const { users } = await lineage.users(caller.workspace, uri, { limit: 100, depth: 1 });
      const served = users.filter((user) => user.startsWith('endpoint:')).map((user) => user.slice(9));
      const ofEach = async <T>(list: (endpoint: string) => Promise<{ items: T[] }>) =>
        (await Promise.all(served.map(list))).flatMap(({ items }) => items);
      const watching = await ofEach((endpoint) => monitoring.list({ endpoint, limit: 100 }, caller));
      const decided = await ofEach((endpoint) => rollouts.list({ endpoint, limit: 100 }, caller));
      const { items: policies } = await retraining.listPolicies({ limit: 1000 }, caller);
      return {
        endpoints: served,
        monitors: watching.map(({ name, kind, endpoint = '' }) => ({ name, kind, endpoint })),
        rollouts: decided
          .filter(({ candidate }) => candidate === reference)
          .map(({ id, stage, evidence }) => ({ id, stage, isProven: evidence !== null })),
        policies: policies.filter((policy) => policy.model === model).map(({ name }) => name),
        tests: (await pipelines.proofsOf(version, caller)).tests,
      };
    },
  });

  const cards = createCards({
    db,
    clock,
    changes,
    owners,
    lineage,
    registry,
    evaluations,
    governance,
    scores,
    datasets,
    experiments,
  });

  const evidence = createEvidence({
    ...{ audit, comments, lineage, blobs, datasets, experiments, registry },
    ...{ evaluations, assessments, governance, cards, inspections, scores, studies, tempFolder },
    testsOf: (version, caller) => pipelines.recordsOf(version, caller),
  });

  const webhooks = createWebhooks({
    db,
    changes,
    events,
    tasks,
    clock,
    secrets,
    sender: adapters.webhookSender,
  });

  // serving
  const eventSinks = createEventSinks({
    ...{ db, clock, logger, changes, events, secrets },
    sender: adapters.eventSender,
    assertEndpoint: (name, workspace) => void endpoints.entityOf(name, workspace),
  });
  const predictions = createPredictions({
    db,
    analytics,
    blobs,
    events,
    clock,
    logger,
    folder: join(config.dataFolder, 'predictions'),
    tapOf: eventSinks.tap,
    entityOf: (endpoint, workspace) => endpoints.entityOf(endpoint, workspace),
    entitiesOf: (endpoint, workspace) => endpoints.entitiesOf(endpoint, workspace),
    entityKey: features.entityKey,
    changes,
    removeBlobs: (ids) => garbage.removeUnnamed(ids, eraseGraceMs),
    intendedUseOf: async (model, caller) =>
      (await cards.getText({ name: parseReference(model).name }, caller)).intendedUse || null,
  });
  const endpoints = createEndpoints({
    explainRows: studies.explainRows,
    db,
    changes,
    noteCall: owners.noteCall,
    tracer,
    url: () => addressOf(http, config),
    lineage,
    clock,
    logger,
    registry,
    governance,
    features,
    predictions,
    openRuntime,
  });
  const origins = createOrigins({
    ...{ lineage, datasets, features, experiments, registry, predictions, endpoints },
  });
  const scorings = createScorings({
    ...{ analytics, changes, tasks, datasets, registry, endpoints, openRuntime },
    folder: join(config.dataFolder, 'scorings'),
  });
  const rollouts = createRollouts({
    db,
    changes,
    clock,
    logger,
    events,
    tasks,
    endpoints,
    predictions,
    registry,
  });
  followPromotions({ events, promotions: governance, rollouts });

  // operations
  const alerts = createAlerts({ db, changes, tasks, notifier, clock, logger });
  const monitoring = createMonitoring({
    db,
    analytics,
    compute,
    changes,
    tasks,
    events,
    clock,
    logger,
    datasets,
    features,
    registry,
    evaluations,
    endpoints,
    predictions,
    alerts,
    watchViews: config.watchViews,
  });
  const retraining = createRetraining({
    db,
    changes,
    tasks,
    events,
    clock,
    logger,
    features,
    datasets,
    jobs,
    sweeps,
    registry,
    evaluations,
    governance,
    endpoints,
    predictions,
    rollouts,
    alerts,
  });
  const pipelines = createPipelines({
    db,
    changes,
    clock,
    tasks,
    analytics,
    lineage,
    datasets,
    features,
    experiments,
    learners,
    registry,
    evaluations,
    endpoints,
    openRuntime,
    tempFolder,
    ask: (endpoint, body, caller) => inside.ask(http, `/api/v1/endpoints/${endpoint}/predict`, body, caller),
  });
  const projects = createProjects({
    db,
    changes,
    clock,
    datasets,
    sources,
    validation,
    features,
    registry,
    governance,
    pipelines,
    endpoints,
    monitoring,
    retraining,
    grants,
  });
  const overview = createOverview({
    db,
    clock,
    endpoints,
    predictions,
    alerts,
    monitoring,
    retraining,
    projects,
  });
  const garbage = createGarbageCollection({
    blobs,
    clock,
    lineage,
    experiments,
    registry,
    datasets,
    profiling,
    predictions,
    jobs,
  });
  const lineageExport = createLineageExport({ lineage, datasets, experiments, version });
  const holders = [datasets, validation, profiling, features, predictions];
  erasures.addHolders(holders.map(({ subjectHolder }) => subjectHolder));
  const automation = createAutomation({ changes, tasks, events, clock, version, database: database.kind });

  const services = {
    events,
    tasks,
    changes,
    lineage,
    audit,
    comments,
    owners,
    auth,
    users,
    account,
    grants,
    secrets,
    erasures,
    datasets,
    sources,
    profiling,
    validation,
    analyses,
    features,
    learners,
    experiments,
    jobs,
    sweeps,
    registry,
    evaluations,
    assessments,
    studies,
    governance,
    inspections,
    scores,
    cards,
    evidence,
    webhooks,
    predictions,
    endpoints,
    eventSinks,
    origins,
    scorings,
    lineageExport,
    rollouts,
    alerts,
    monitoring,
    retraining,
    pipelines,
    projects,
    overview,
    garbage,
    automation,
  };

  const requestTimes = createRequestTimes();
  const metrics = createMetrics();
  metrics.add(
    ...requestTimes.families(),
    ...endpoints.metrics(),
    ...predictions.metrics(),
    ...eventSinks.metrics(),
    ...tasks.metrics(),
    ...events.metrics(),
    ...databaseFamilies(database),
    {
      name: 'tidemill_spans_total',
      help: 'Spans that a collector took, and those that were left out',
      type: 'counter',
      collect: () =>
        traces ? Object.entries(traces.counts()).map(([state, value]) => ({ labels: { state }, value })) : [],
    },
    {
      name: 'tidemill_info',
      help: 'Version of the server and kind of its database',
      type: 'gauge',
      collect: () => [{ labels: { version, database: database.kind }, value: 1 }],
    },
  );

  const signsOf = (request: FastifyRequest) => ({
    authorization: request.headers.authorization,
    cookie: request.headers.cookie,
    address: request.ip,
    mayChangeByCookie: mayChangeByCookie(request),
    // Few are refused.
    get where() {
      return whereOf(request);
    },
  });
  let ready = false;
  const http = await createHttp({
    requestTimes,
    tracer,
    logger,
    version,
    allowedHosts: config.allowedHosts,
    corsOrigins: config.corsOrigins,
    trustedProxies: config.trustedProxies,
    authenticate: (request, permission) =>
      inside.callerOf() ?? auth.authenticate(signsOf(request), permission),
    isStillAllowed(request, permission) {
      const { resources, byJobs = false } = request.routeOptions.config ?? {};
      return auth.isStillAllowed(signsOf(request), {
        ...{ permission, byJobs, where: whereOf(request) },
        resources: () => resources?.(request) ?? null,
      });
    },
    assertRoom: ({ params, caller }) => endpoints.assertRoom((params as { name: string }).name, caller),
    assertReach: (request, permission, resources, byJobs) =>
      auth.assertReach(request.caller, {
        ...{ permission, resources, byJobs },
        get where() {
          return whereOf(request);
        },
      }),
  });
  const drain = addDrain(http);
  addStandardRoutes(http, { version, isReady: () => ready, metrics: metrics.text });
  await addWebUi(http, config.webFolder);
  bindAll(http, services);
  await http.register(
    mlflowApi([
      ...experimentsMlflowOperations(experiments),
      ...registryMlflowOperations(registry, governance),
      ...governanceMlflowOperations(governance, registry),
      ...webhooksMlflowOperations(webhooks),
    ]),
  );
  await http.register(feastRoutes(features, () => clock.now()));
  await http.register(mlflowInvocations(endpoints, config.defaultEndpoint));
  await http.register(kserveRoutes(endpoints));
  const openInference = createOpenInference(endpoints);
  const { maxBytes } = config.inference;
  const asItIs = { version, isReady: () => ready, maxBytes };
  await http.register(openInferenceRoutes(openInference, asItIs), { prefix: '/v2' });
  await http.register(mlflowArtifactRoutes(experiments));
  await http.register(mlflowFileRoutes(registry));
  await http.ready();

  let grpc: GrpcServer | undefined;
  const admit: GrpcOptions['admit'] = async ({ authorization, address, where }, permission, endpoint) => {
    const asked = { authorization, cookie: undefined, address, mayChangeByCookie: false, where };
    const caller = await auth.authenticate(asked, permission);
    const resources = () => (endpoint === null ? null : [toUri('endpoint', endpoint)]);
    await auth.assertReach(caller, { permission, resources, byJobs: false, where });
    return caller;
  };

  return {
    http,
    services,
    database,
    online,
    async start(): Promise<void> {
      secrets.start();
      await eventSinks.start();
      await predictions.start();
      await endpoints.start();
      await events.start();
      await tasks.start();
      audit.start();
      owners.start();
      await monitoring.start();
      ready = true;
    },
    /** The Open Inference Protocol by gRPC, loaded only where it is wanted. @returns the port */
    async listenGrpc(host: string, port: number): Promise<number> {
      const { createGrpcServer } = await import('./serving/endpoints/open-inference/grpc-server.ts');
      grpc = createGrpcServer({ ...asItIs, door: openInference, logger, admit });
      return grpc.listen(host, port);
    },
    /** Stops taking work, lets what runs be taken up by the next process, closes from the top floor down. */
    async close(): Promise<void> {
      ready = false;
      await drain();
      await tasks.stop();
      await events.stop();
      await http.close();
      await grpc?.close();
      await monitoring.stop();
      await endpoints.stop();
      await eventSinks.stop();
      await pythonRuntimes.close();
      await predictions.stop();
      await owners.stop();
      await auth.stop();
      await audit.stop();
      await traces?.close();
      await closeAdapters(adapters);
    },
  };
}

export type App = Awaited<ReturnType<typeof createApp>>;
export type Services = App['services'];

function bindAll(http: FastifyInstance, services: Services): void {
  bind(http, 'access', contract.access, accessRoutes(services.auth, services.lineage));
  bind(http, 'audit', contract.audit, auditRoutes(services.audit));
  bind(http, 'comments', contract.comments, commentsRoutes(services.comments));
  bind(http, 'owners', contract.owners, ownersRoutes(services.owners));
  bind(http, 'subjects', contract.subjects, erasuresRoutes(services.erasures));
  bind(http, 'account', contract.account, accountRoutes(services.account, services.auth));
  bind(http, 'users', contract.users, usersRoutes(services.users));
  bind(http, 'groups', contract.groups, groupsRoutes(services.grants));
  bind(http, 'grants', contract.grants, grantsRoutes(services.grants));
  bind(http, 'sources', contract.sources, sourcesRoutes(services.sources));
  bind(http, 'datasets', contract.datasets, datasetsRoutes(services.datasets));
  bind(http, 'profiling', contract.profiling, profilingRoutes(services.profiling));
  bind(http, 'validation', contract.validation, validationRoutes(services.validation));
  bind(http, 'analyses', contract.analyses, analysesRoutes(services.analyses));
  bind(http, 'entities', contract.entities, entitiesRoutes(services.features));
  bind(http, 'features', contract.features, featuresRoutes(services.features));
  bind(http, 'featureServices', contract.featureServices, featureServicesRoutes(services.features));
  bind(http, 'experiments', contract.experiments, experimentsRoutes(services.experiments));
  bind(http, 'loggedModels', contract.loggedModels, loggedModelsRoutes(services.experiments));
  bind(http, 'jobs', contract.jobs, jobsRoutes(services.jobs));
  bind(http, 'sweeps', contract.sweeps, sweepsRoutes(services.sweeps));
  bind(http, 'registry', contract.registry, registryRoutes(services.registry, services.governance));
  bind(http, 'evaluation', contract.evaluation, evaluationRoutes(services.evaluations));
  bind(http, 'assessments', contract.assessments, assessmentsRoutes(services.assessments));
  bind(http, 'studies', contract.studies, studyRoutes(services.studies));
  bind(http, 'governance', contract.governance, governanceRoutes(services.governance));
  bind(http, 'inspections', contract.inspections, inspectionsRoutes(services.inspections));
  bind(http, 'scores', contract.scores, scoresRoutes(services.scores));
  bind(http, 'lifecycle', contract.lifecycle, lifecycleRoutes(services.governance, services.registry));
  bind(http, 'cards', contract.cards, cardsRoutes(services.cards));
  bind(http, 'evidence', contract.evidence, evidenceRoutes(services.evidence));
  bind(http, 'modelTests', contract.modelTests, modelTestsRoutes(services.pipelines));
  bind(http, 'ci', contract.ci, ciRoutes(services.pipelines));
  bind(http, 'webhooks', contract.webhooks, webhooksRoutes(services.webhooks));
  bind(http, 'endpoints', contract.endpoints, endpointsRoutes(services.endpoints));
  bind(http, 'scorings', contract.scorings, scoringsRoutes(services.scorings));
  bind(http, 'eventSinks', contract.eventSinks, eventSinksRoutes(services.eventSinks));
  bind(http, 'predictions', contract.predictions, predictionsRoutes(services.predictions));
  bind(http, 'predictionLineage', contract.predictionLineage, originsRoutes(services.origins));
  bind(http, 'lineageExport', contract.lineageExport, lineageExportRoutes(services.lineageExport));
  bind(http, 'rollouts', contract.rollouts, rolloutsRoutes(services.rollouts));
  bind(http, 'monitoring', contract.monitoring, monitoringRoutes(services.monitoring));
  bind(http, 'alerts', contract.alerts, alertsRoutes(services.alerts));
  bind(http, 'retraining', contract.retraining, retrainingRoutes(services.retraining));
  bind(http, 'projects', contract.projects, projectsRoutes(services.projects));
  bind(http, 'overview', contract.overview, overviewRoutes(services.overview));
  bind(http, 'garbage', contract.garbage, garbageRoutes(services.garbage));
  bind(http, 'system', contract.system, systemRoutes(services.automation));
}

function databaseFamilies({ pool }: DatabaseHandle): Family[] {
  if (!pool) return [];
  return [
    {
      name: 'tidemill_database_connections',
      help: 'Connections to the database, by state; waiting are requests for one',
      type: 'gauge',
      collect() {
        const { total, idle, waiting } = pool();
        const states = { active: total - idle, idle, waiting };
        return Object.entries(states).map(([state, value]) => ({ labels: { state }, value }));
      },
    },
  ];
}

/** Where this machine reaches us, once we listen; port 0 is known only then. */
function addressOf(http: FastifyInstance, config: Config): string {
  const address = http.server.address();
  const port = typeof address === 'object' && address ? address.port : config.port;
  const host = ['0.0.0.0', '::'].includes(config.host) ? '127.0.0.1' : config.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function openAdapters(config: Config, logger: Logger) {
  const unlock = lockDataFolder(config.dataFolder);
  try {
    return { ...(await openEach(config, logger)), unlock };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function openEach(config: Config, logger: Logger) {
  const folder = config.dataFolder;
  // What a killed process had under way; nobody else works on this folder.
  for (const unfinished of ['tmp', 'spill'])
    await rm(join(folder, unfinished), { recursive: true, force: true });
  const durability = config.database.kind === 'sqlite' ? config.database.durability : 'process';
  return {
    database: await openDatabase(config),
    blobs: await openBlobs(config, durability),
    folder: config.artifactFolder === null ? null : await openFilesystemFolder(config.artifactFolder),
    analytics: lazyAnalytics(async () => {
      const { openDuckdb } = await import('./adapters/analytics/duckdb.ts');
      return openDuckdb({ spillFolder: join(folder, 'spill') });
    }),
    online: await openOnline(config, logger),
    compute: workerPool(),
    executor: localExecutor(),
    // An alert goes where the owner of a monitor says: mostly a neighbour within the same network.
    notifier: webhookNotifier({ destinations: { schemes: ['http', 'https'], allowPrivate: true } }),
    sourceReader: openSourceReader(config.sources),
    webhookSender: webhookNotifier({ destinations: config.webhookDestinations, format: 'mlflow' }),
    eventSender: webhookNotifier({ destinations: config.webhookDestinations, format: 'cloudevents' }),
  };
}

async function openOnline({ online, dataFolder }: Config, logger: Logger): Promise<OnlineStore> {
  if (online.kind === 'sqlite') return openSqliteOnline({ file: join(dataFolder, 'online.db') });
  const { openRedisOnline } = await import('./adapters/online/redis.ts');
  return openRedisOnline({
    ...online,
    onChange: (problem) =>
      problem === null
        ? logger.info('the online store answers')
        : logger.error({ problem }, 'the online store does not answer; endpoints use their fallback'),
  });
}

async function openTraces({ url, headers, resource }: TracesConfig, logger: Logger): Promise<Otlp> {
  const { openOtlp } = await import('./adapters/traces/otlp.ts');
  return openOtlp({
    ...{ url, headers, logger },
    resource: {
      'service.version': version,
      'process.pid': process.pid,
      'host.name': hostname(),
      'telemetry.sdk.language': 'nodejs',
      ...resource,
    },
  });
}

async function openBlobs({ blobs, dataFolder }: Config, durability: 'process' | 'power'): Promise<Blobs> {
  assertSamePlace(blobs.kind, dataFolder);
  if (blobs.kind === 'filesystem')
    return openFilesystemBlobs({ root: join(dataFolder, 'blobs'), durability });
  const { openS3Blobs } = await import('./adapters/blobs/s3.ts');
  return openS3Blobs({ ...blobs, folder: join(dataFolder, 's3') });
}

/** A database whose files lie elsewhere would start, and then miss every one of them. */
function assertSamePlace(kind: Config['blobs']['kind'], dataFolder: string): void {
  const other = join(dataFolder, kind === 's3' ? 'blobs/sha256' : 's3');
  if (!existsSync(other)) return;
  const where = kind === 's3' ? 'in this folder (filesystem)' : 'in S3 (s3://bucket/prefix)';
  const reason = `the data folder was used with its files ${where}, as ${other} shows; start it as before, or with another --data`;
  throw errors.configInvalid({ variable: '--blobs (TIDEMILL_BLOBS)', reason });
}

async function closeAdapters(adapters: Awaited<ReturnType<typeof openAdapters>>): Promise<void> {
  await adapters.compute.close();
  await adapters.analytics.close();
  await adapters.online.close();
  await adapters.database.close();
  adapters.unlock();
}

async function openDatabase(config: Config): Promise<DatabaseHandle> {
  if (config.database.kind === 'postgres') {
    const { openPostgres } = await import('./adapters/db/postgres.ts');
    return openPostgres({ url: config.database.url });
  }
  return openSqlite({ file: join(config.dataFolder, 'tidemill.db'), durability: config.database.durability });
}

/** Without the query: it may hold what is nobody else's business. */
const whereOf = ({ method, url }: FastifyRequest): string => `${method} ${url.split('?')[0]}`;

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\./.test(host);
