import { type Static, Type } from 'typebox';
import {
  AliasName,
  byId,
  byModel,
  byModelVersion,
  Done,
  integer,
  Json,
  literals,
  ModelName,
  Name,
  nullable,
  page,
  pageQuery,
  strict,
  Timestamp,
  Version,
} from './common.ts';
import { endpoints } from './endpoint.ts';
import { ModelState } from './lifecycle.ts';

export const SignatureColumn = Type.Object({
  name: Type.String({ description: 'empty of a single tensor without a name' }),
  type: Type.String({ description: 'double, string, … or tensor(float32)' }),
  required: Type.Optional(Type.Boolean({ description: 'false of a column that may be left out' })),
  shape: Type.Optional(Type.Array(Type.Integer(), { description: 'of a tensor; -1 where any size will do' })),
});
export type SignatureColumn = Static<typeof SignatureColumn>;
export const FeatureRange = Type.Object({ minimum: Type.Number(), maximum: Type.Number() });

export const Approval = literals('none', 'approved', 'overridden', 'refused');
export type Approval = Static<typeof Approval>;

/** MLflow's stages: a label, nothing is served by it. */
export const ModelStage = literals('None', 'Staging', 'Production', 'Archived');
export type ModelStage = Static<typeof ModelStage>;

const Tags = Type.Record(Type.String(), Type.String());

export const ModelVersion = Type.Object({
  model: Type.String(),
  version: Type.Integer(),
  reference: Type.String({ description: 'forecaster@7' }),
  uri: Type.String({ description: 'model:forecaster@7' }),
  source: nullable(Type.String({ description: 'where the version was registered from, as it was given' })),
  digest: nullable(
    Type.String({
      description:
        'sha256 over the sorted (path, sha256) list of the model folder; null when its files are elsewhere, then it cannot be served',
    }),
  ),
  files: Type.Array(Type.Object({ path: Type.String(), sha256: Type.String(), size: Type.Integer() })),
  size: Type.Integer({ description: 'bytes of all files' }),
  warnings: Type.Array(Type.String({ description: 'what opening its files may do: pickles run code' })),
  inputs: Type.Array(SignatureColumn),
  outputs: Type.Array(SignatureColumn, {
    description:
      'empty where the signature names none, and of versions that were registered before these were kept',
  }),
  flavors: Type.Array(Type.String()),
  trainingRange: Type.Record(Type.String(), FeatureRange),
  runId: nullable(Type.String()),
  loggedModel: nullable(Type.String({ description: 'm-…, the logged model it was registered from' })),
  trainingSet: nullable(Type.String({ description: 'dataset:name@N' })),
  recipe: nullable(Json),
  metrics: Type.Record(Type.String(), nullable(Type.Number())),
  approval: Approval,
  state: ModelState,
  aliases: Type.Array(Type.String()),
  stage: ModelStage,
  tags: Tags,
  description: Type.String(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  createdBy: Type.String(),
});
export type ModelVersion = Static<typeof ModelVersion>;

export const RegisteredModel = Type.Object({
  name: Type.String(),
  description: Type.String(),
  latestVersion: Type.Integer({ description: 'the highest number there is; 0 when there is no version' }),
  aliases: Type.Record(Type.String(), Type.Integer()),
  tags: Tags,
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type RegisteredModel = Static<typeof RegisteredModel>;

export const GateRule = strict({
  name: Name,
  expression: Type.String({
    description:
      'CEL over metrics, intervals, slices, baseline, naive, champion, againstBaseline, againstChampion, window, source, task, model, data, signature, leakage, fairness, latency, skew',
    maxLength: 2000,
  }),
  message: Type.String({ maxLength: 1000 }),
  severity: Type.Optional(
    Type.Unsafe<'refuse' | 'warn'>(
      Type.Enum(['refuse', 'warn'], {
        description: 'what a rule that does not hold does; refuse by default',
      }),
    ),
  ),
});
export type GateRule = Static<typeof GateRule>;

/** Whose word lets a version out, once its rules hold. */
export const ApprovalPolicy = strict({
  approvers: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 5, description: 'how many people must approve; 1 by default' }),
  ),
  fourEyes: Type.Optional(
    Type.Boolean({
      description: "not its author's, and only that of people who said who they are: by a user's token",
    }),
  ),
  handover: Type.Optional(
    Type.Boolean({ description: 'each approval needs a note for the people who will run it' }),
  ),
  tests: Type.Optional(Type.Boolean({ description: 'all four scopes of its newest test must have passed' })),
  ci: Type.Optional(
    Type.Boolean({ description: 'a green CI of the commit that its run was made from must be recorded' }),
  ),
});
export type ApprovalPolicy = Static<typeof ApprovalPolicy>;

/** What one environment asks: an alias, or a stage, of that name is given to no version that lacks it. */
export const EnvironmentPolicy = strict({
  rules: Type.Optional(
    Type.Array(Name, { maxItems: 50, description: 'names of the rules that must hold; all when absent' }),
  ),
  approval: Type.Optional(ApprovalPolicy),
});
export type EnvironmentPolicy = Static<typeof EnvironmentPolicy>;
const Environments = Type.Record(
  Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,127}$' }),
  EnvironmentPolicy,
  { maxProperties: 20, description: 'by the alias or stage in small letters: {"production": {…}}' },
);

export const EnvironmentState = Type.Object({
  environment: Type.String(),
  policy: EnvironmentPolicy,
  allowed: Type.Boolean(),
  reason: Type.String({ description: 'why not; empty where it may enter' }),
});
export type EnvironmentState = Static<typeof EnvironmentState>;

const gateParts = {
  rules: Type.Array(GateRule, { minItems: 1, maxItems: 50 }),
  approval: Type.Optional(ApprovalPolicy),
  environments: Type.Optional(Environments),
};
/** What is declared of a gate. */
export const GateDefinition = strict(gateParts);
export type GateDefinition = Static<typeof GateDefinition>;

export const Gate = Type.Object({
  model: Type.String(),
  rules: Type.Array(GateRule),
  approval: nullable(ApprovalPolicy),
  environments: Environments,
  updatedAt: Timestamp,
});
export type Gate = Static<typeof Gate>;

export const GateCheck = Type.Object({
  id: Type.String(),
  model: Type.String(),
  evaluation: Type.String(),
  passed: Type.Boolean({ description: 'no rule refuses; some may warn' }),
  verdict: literals('pass', 'warn', 'refuse'),
  results: Type.Array(
    Type.Object({
      rule: Type.String(),
      expression: Type.String(),
      severity: literals('refuse', 'warn'),
      passed: Type.Boolean(),
      message: Type.String(),
    }),
  ),
  createdAt: Timestamp,
  createdBy: Type.String(),
});
export type GateCheck = Static<typeof GateCheck>;

export const ApprovalRecord = Type.Object({
  id: Type.String(),
  model: Type.String(),
  decision: Type.Unsafe<Approval | 'endorsed'>(
    Type.Enum(['none', 'approved', 'overridden', 'refused', 'endorsed'], {
      description: 'endorsed: counted, but the policy wants the word of more people',
    }),
  ),
  reason: Type.String(),
  handover: nullable(Type.String({ description: 'what the people who run it must know' })),
  missing: Type.Integer({ description: 'how many more people must approve before it may go out' }),
  gateCheck: nullable(Type.String()),
  environment: nullable(Type.String({ description: 'null where it lets the version out at all' })),
  actor: Type.String(),
  createdAt: Timestamp,
});
export type ApprovalRecord = Static<typeof ApprovalRecord>;

/** A wish to move an alias that follows an endpoint: the gates are asked, then a rollout proves the version. */
export const Promotion = Type.Object({
  id: Type.String(),
  model: Type.String({ description: 'the version that is to go live: forecaster@7' }),
  alias: Type.String(),
  endpoint: Type.String(),
  state: Type.Unsafe<'requested' | 'refused' | 'started' | 'promoted' | 'ended'>(
    Type.Enum(['requested', 'refused', 'started', 'promoted', 'ended'], {
      description:
        'requested: a rollout starts; refused: by the gate; started: the rollout runs; promoted: the alias has moved; ended: it has not',
    }),
  ),
  reason: Type.String({ description: 'what was decided last, and why' }),
  rollout: nullable(Type.String()),
  createdAt: Timestamp,
  createdBy: Type.String(),
  updatedAt: Timestamp,
});
export type Promotion = Static<typeof Promotion>;

export const Reproduction = Type.Object({
  model: Type.String(),
  equal: Type.Boolean(),
  steps: Type.Array(
    Type.Object({
      name: Type.String(),
      equal: Type.Boolean(),
      expected: Type.String(),
      actual: Type.String(),
      detail: Type.String(),
    }),
  ),
});
export type Reproduction = Static<typeof Reproduction>;

const TagKey = Type.String({ minLength: 1, maxLength: 250 });
const searchQuery = {
  filter: Type.Optional(
    Type.String({
      maxLength: 10_000,
      description: "MLflow's grammar: name LIKE 'fore%' AND tags.team = 'a'",
    }),
  ),
  orderBy: Type.Optional(Type.String({ maxLength: 1000, description: 'name DESC, last_updated_timestamp' })),
};

const ModelPath = Type.Optional(
  Type.String({ description: 'artifact folder or name of the logged model; default model, or the only one' }),
);

export const registryEndpoints = endpoints({
  register: {
    method: 'POST',
    path: '/api/v1/models/:name/versions',
    permission: 'write',
    resource: ['model:{name}', 'run:{runId}'],
    byJobs: true,
    summary:
      "Register a run's model as a model version: an artifact folder of it, or what MLflow 3 logged from it",
    params: byModel,
    body: strict({
      runId: Type.String(),
      path: ModelPath,
      description: Type.Optional(Type.String()),
    }),
    reply: ModelVersion,
    status: 201,
  },
  registerTrial: {
    method: 'POST',
    path: '/api/v1/sweeps/:id/register',
    permission: 'write',
    summary:
      "Register the model of a sweep's trial: the chosen one where its best were run again, else the one with the best value",
    params: byId,
    body: strict({
      name: ModelName,
      trial: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'this one instead' })),
      path: ModelPath,
      description: Type.Optional(Type.String({ description: 'default: why this trial' })),
    }),
    reply: ModelVersion,
    status: 201,
  },
  list: {
    method: 'GET',
    path: '/api/v1/models',
    permission: 'read',
    summary: 'List registered models, or search them',
    query: strict({ ...pageQuery, ...searchQuery }),
    reply: page(RegisteredModel),
  },
  create: {
    method: 'POST',
    path: '/api/v1/models',
    permission: 'write',
    resource: 'model:{name}',
    summary: 'Create a registered model without versions',
    body: strict({
      name: ModelName,
      description: Type.Optional(Type.String()),
      tags: Type.Optional(Tags),
    }),
    reply: RegisteredModel,
    status: 201,
  },
  get: {
    method: 'GET',
    path: '/api/v1/models/:name',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'Get a registered model',
    params: byModel,
    reply: RegisteredModel,
  },
  update: {
    method: 'PATCH',
    path: '/api/v1/models/:name',
    permission: 'write',
    resource: 'model:{name}',
    summary: 'Describe a registered model',
    params: byModel,
    body: strict({ description: Type.String() }),
    reply: RegisteredModel,
  },
  rename: {
    method: 'POST',
    path: '/api/v1/models/:name/rename',
    permission: 'write',
    resource: ['model:{name}', 'model:{newName}'],
    summary: 'Rename a model that no endpoint serves',
    params: byModel,
    body: strict({ newName: ModelName }),
    reply: RegisteredModel,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/models/:name',
    permission: 'write',
    resource: 'model:{name}',
    summary: 'Delete a model that no endpoint serves, with all its versions',
    params: byModel,
    reply: Done,
  },
  setTag: {
    method: 'PUT',
    path: '/api/v1/models/:name/tags/:key',
    permission: 'write',
    resource: 'model:{name}',
    summary: 'Tag a model',
    params: strict({ name: ModelName, key: TagKey }),
    body: strict({ value: Type.String() }),
    reply: RegisteredModel,
  },
  deleteTag: {
    method: 'DELETE',
    path: '/api/v1/models/:name/tags/:key',
    permission: 'write',
    resource: 'model:{name}',
    summary: 'Remove a tag of a model',
    params: strict({ name: ModelName, key: TagKey }),
    reply: Done,
  },
  searchVersions: {
    method: 'GET',
    path: '/api/v1/model-versions',
    permission: 'read',
    summary: 'Search the versions of all models',
    query: strict({ ...pageQuery, ...searchQuery }),
    reply: page(ModelVersion),
  },
  listVersions: {
    method: 'GET',
    path: '/api/v1/models/:name/versions',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'List versions, newest first',
    params: byModel,
    query: strict(pageQuery),
    reply: page(ModelVersion),
  },
  getVersion: {
    method: 'GET',
    path: '/api/v1/models/:name/versions/:version',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'Get a version by number, latest or alias',
    params: byModelVersion,
    reply: ModelVersion,
  },
  updateVersion: {
    method: 'PATCH',
    path: '/api/v1/models/:name/versions/:version',
    permission: 'write',
    resource: 'model:{name}',
    summary: 'Describe a version',
    params: byModelVersion,
    body: strict({ description: Type.String() }),
    reply: ModelVersion,
  },
  deleteVersion: {
    method: 'DELETE',
    path: '/api/v1/models/:name/versions/:version',
    permission: 'write',
    resource: 'model:{name}',
    summary: 'Delete a version that no endpoint serves; its number is never given again',
    params: byModelVersion,
    reply: Done,
  },
  setStage: {
    method: 'PUT',
    path: '/api/v1/models/:name/versions/:version/stage',
    permission: 'write',
    resource: 'model:{name}',
    summary: "Set a version's stage",
    params: byModelVersion,
    body: strict({
      stage: ModelStage,
      archiveExisting: Type.Optional(
        Type.Boolean({ description: 'the other versions at this stage become Archived' }),
      ),
    }),
    reply: ModelVersion,
  },
  setVersionTag: {
    method: 'PUT',
    path: '/api/v1/models/:name/versions/:version/tags/:key',
    permission: 'write',
    resource: 'model:{name}',
    summary: 'Tag a version',
    params: strict({ name: ModelName, version: Version, key: TagKey }),
    body: strict({ value: Type.String() }),
    reply: ModelVersion,
  },
  deleteVersionTag: {
    method: 'DELETE',
    path: '/api/v1/models/:name/versions/:version/tags/:key',
    permission: 'write',
    resource: 'model:{name}',
    summary: 'Remove a tag of a version',
    params: strict({ name: ModelName, version: Version, key: TagKey }),
    reply: Done,
  },
  setAlias: {
    method: 'PUT',
    path: '/api/v1/models/:name/aliases/:alias',
    permission: 'write',
    resource: 'model:{name}',
    summary:
      'Point an alias at a version; one that follows an endpoint is not moved, but asks for a promotion (409)',
    params: strict({ name: ModelName, alias: AliasName }),
    body: strict({ version: integer({ minimum: 1 }) }),
    reply: RegisteredModel,
  },
  deleteAlias: {
    method: 'DELETE',
    path: '/api/v1/models/:name/aliases/:alias',
    permission: 'write',
    resource: 'model:{name}',
    summary: 'Remove an alias',
    params: strict({ name: ModelName, alias: AliasName }),
    reply: Done,
  },
  getFile: {
    method: 'GET',
    path: '/api/v1/models/:name/versions/:version/file',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'Read one file of the model folder',
    params: byModelVersion,
    query: strict({ path: Type.String() }),
    download: true,
  },
});

export const governanceEndpoints = endpoints({
  putGate: {
    method: 'PUT',
    path: '/api/v1/models/:name/gate',
    permission: 'approve',
    resource: 'model:{name}',
    summary: 'Declare the gate of a model: CEL rules that must all hold, and whose approval it takes',
    params: byModel,
    body: GateDefinition,
    reply: Gate,
  },
  getGate: {
    method: 'GET',
    path: '/api/v1/models/:name/gate',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'Get the gate of a model',
    params: byModel,
    reply: Gate,
  },
  check: {
    method: 'POST',
    path: '/api/v1/models/:name/versions/:version/gate-checks',
    permission: 'write',
    resource: 'model:{name}',
    summary: 'Hold an evaluation of this version against the gate',
    params: byModelVersion,
    body: strict({ evaluation: Type.String() }),
    reply: GateCheck,
    status: 201,
  },
  listChecks: {
    method: 'GET',
    path: '/api/v1/models/:name/versions/:version/gate-checks',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'Checks of this version against the gate, newest first, at most 100',
    params: byModelVersion,
    reply: page(GateCheck),
  },
  approve: {
    method: 'POST',
    path: '/api/v1/models/:name/versions/:version/approvals',
    permission: 'approve',
    resource: 'model:{name}',
    summary: 'Approve a version whose gate passed, or override a refusal with a reason',
    params: byModelVersion,
    body: strict({
      reason: Type.String({ minLength: 1, maxLength: 2000 }),
      override: Type.Optional(Type.Boolean()),
      handover: Type.Optional(Type.String({ minLength: 1, maxLength: 10_000 })),
    }),
    reply: ApprovalRecord,
    status: 201,
  },
  approveFor: {
    method: 'POST',
    path: '/api/v1/models/:name/versions/:version/environments/:environment/approvals',
    permission: 'approve',
    resource: 'model:{name}',
    summary: 'Approve a version for one environment of its gate, or override its rules with a reason',
    params: strict({ name: ModelName, version: Version, environment: Name }),
    body: strict({
      reason: Type.String({ minLength: 1, maxLength: 2000 }),
      override: Type.Optional(Type.Boolean()),
      handover: Type.Optional(Type.String({ minLength: 1, maxLength: 10_000 })),
    }),
    reply: ApprovalRecord,
    status: 201,
  },
  listEnvironments: {
    method: 'GET',
    path: '/api/v1/models/:name/versions/:version/environments',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'Environments of the gate, and whether this version may enter each now',
    params: byModelVersion,
    reply: page(EnvironmentState),
  },
  refuse: {
    method: 'POST',
    path: '/api/v1/models/:name/versions/:version/refusals',
    permission: 'approve',
    resource: 'model:{name}',
    summary: 'Refuse a version: it may not go out until somebody approves it again',
    params: byModelVersion,
    body: strict({ reason: Type.String({ minLength: 1, maxLength: 2000 }) }),
    reply: ApprovalRecord,
    status: 201,
  },
  listApprovals: {
    method: 'GET',
    path: '/api/v1/models/:name/versions/:version/approvals',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'Decisions on this version, newest first',
    params: byModelVersion,
    reply: page(ApprovalRecord),
  },
  getPromotion: {
    method: 'GET',
    path: '/api/v1/promotions/:id',
    permission: 'read',
    summary: 'What became of a wish to move an alias that follows an endpoint',
    params: byId,
    reply: Promotion,
  },
  listPromotions: {
    method: 'GET',
    path: '/api/v1/promotions',
    permission: 'read',
    summary: 'List promotions, newest first',
    query: strict({ ...pageQuery, model: Type.Optional(ModelName) }),
    reply: page(Promotion),
  },
  exportBundle: {
    method: 'GET',
    path: '/api/v1/models/:name/versions/:version/bundle',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'Everything needed to rebuild this version elsewhere, as one tar file',
    params: byModelVersion,
    download: true,
  },
  reproduce: {
    method: 'POST',
    path: '/api/v1/reproductions',
    permission: 'write',
    summary: 'Rebuild a model version from an exported bundle and compare every digest',
    upload: true,
    reply: Reproduction,
  },
});
