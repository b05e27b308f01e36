/** Rows of versions, written and read. */
import type { Approval, ModelStage, ModelState } from '@tidemill/contract';
import { json, parseJson } from '../../adapters/db/db.ts';
import type { RegistryTables } from '../../adapters/db/tables/registry.ts';
import type { StoredVersion, VersionFacts } from './rules.ts';

export type VersionRow = Omit<RegistryTables['model_versions'], 'state' | 'outputs'> & {
  state: string;
  outputs: string;
};

export const factColumns = [
  'model',
  'number',
  'source',
  'location',
  'run_id',
  'run_link',
  'model_id',
  'stage',
  'state',
  'description',
  'created_at',
  'updated_at',
] as const;
export type FactRow = Pick<VersionRow, (typeof factColumns)[number]>;
export const toFacts = (row: FactRow): VersionFacts => ({
  model: row.model,
  number: row.number,
  source: row.source,
  location: row.location,
  runId: row.run_id,
  runLink: row.run_link,
  loggedModel: row.model_id,
  stage: row.stage as ModelStage,
  state: row.state as ModelState,
  description: row.description,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export function toRow(version: StoredVersion): VersionRow {
  return {
    workspace: version.workspace,
    model: version.model,
    number: version.number,
    source: version.source,
    location: version.location,
    digest: version.digest,
    files: json(version.files),
    inputs: json(version.inputs),
    outputs: json(version.outputs),
    flavors: json(version.flavors),
    training_range: json(version.trainingRange),
    run_id: version.runId,
    run_link: version.runLink,
    model_id: version.loggedModel,
    artifact_path: version.artifactPath,
    training_set: version.trainingSet,
    recipe: version.recipe === null ? null : json(version.recipe),
    metrics: json(version.metrics),
    approval: version.approval,
    stage: version.stage,
    state: version.state,
    description: version.description,
    created_at: version.createdAt,
    created_by: version.createdBy,
    updated_at: version.updatedAt,
  };
}

export function toVersion(row: VersionRow): StoredVersion {
  return {
    ...toFacts(row),
    workspace: row.workspace,
    digest: row.digest,
    files: parseJson(row.files),
    inputs: parseJson(row.inputs),
    outputs: parseJson(row.outputs),
    flavors: parseJson(row.flavors),
    trainingRange: parseJson(row.training_range),
    artifactPath: row.artifact_path,
    trainingSet: row.training_set,
    recipe: row.recipe === null ? null : parseJson(row.recipe),
    metrics: parseJson(row.metrics),
    approval: row.approval as Approval,
    createdBy: row.created_by,
  };
}
