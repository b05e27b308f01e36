/**
 * What MLflow's requests name, and what they are about, as uris, for tokens that are good for one thing only; '' is
 * nothing's uri.
 */
import type { FastifyRequest } from 'fastify';
import { errors } from '../../../base/errors.ts';
import {
  type Fields,
  findText,
  getText,
  invalid,
  listFields,
  toFields,
} from '../../../http/mlflow/fields.ts';
import { parseArtifactFolder } from '../artifact-path.ts';
import { isLoggedModelId } from '../logged-models/rules.ts';

export const root = '/mlflow-artifacts';

/** Where in the tree of artifacts a path leads: to a run's or logged model's, or to a place that holds nothing. */
export type Place = { readonly owner: string; readonly path: string } | null;

const toUri = (kind: string, id: string | undefined): string => (id ? `${kind}:${id}` : '');

export const runOf = (fields: Fields): string[] => [
  toUri('run', findText(fields, 'run_id') || findText(fields, 'run_uuid')),
];

export const modelOf = (fields: Fields): string[] => [toUri('logged-model', findText(fields, 'model_id'))];

/** A run is begun in its parent. */
export const newRunOf = (fields: Fields): string[] => {
  const parents = listFields(fields, 'tags').filter((tag) => findText(tag, 'key') === 'mlflow.parentRunId');
  const ids = parents.length > 0 ? parents.map((tag) => findText(tag, 'value')) : [undefined];
  return [...ids.map((id) => toUri('run', id)), toUri('experiment', findText(fields, 'experiment_id'))];
};

export const newModelOf = (fields: Fields): string[] => [
  toUri('run', findText(fields, 'source_run_id')),
  toUri('experiment', findText(fields, 'experiment_id')),
];

/** Metrics may be a logged model's too. */
export const metricOf = (fields: Fields): string[] => [...runOf(fields), ...measuredModels([fields])];
export const batchOf = (fields: Fields): string[] => [
  ...runOf(fields),
  ...measuredModels(listFields(fields, 'metrics')),
];

/** What a run made is its own; what it read need not be. */
export const outputsOf = (fields: Fields): string[] => [
  ...runOf(fields),
  ...listFields(fields, 'models').flatMap(modelOf),
];

const measuredModels = (metrics: readonly Fields[]): string[] =>
  metrics.filter((metric) => findText(metric, 'model_id')).flatMap(modelOf);

/** Of a request whose address is that of an artifact. */
export const artifactOf = (request: FastifyRequest): string[] => {
  const place = toPlace(findText(toFields(request.params), '*') ?? '');
  return place ? [toOwnerUri(place.owner)] : [];
};

export const uploadOf = (request: FastifyRequest): string[] => [
  toUri('upload', findText(toFields(request.params), 'upload')),
];

export const queriedRunOf = (request: FastifyRequest): string[] => runOf(toFields(request.query));

/** Ids of logged models and of runs differ. */
const toOwnerUri = (id: string): string => toUri(isLoggedModelId(id) ? 'logged-model' : 'run', id);

export function getRunId(fields: Fields): string {
  const id = findText(fields, 'run_id') || getText({ run_id: fields.run_uuid }, 'run_id');
  if (!/^[a-zA-Z0-9][\w-]{0,255}$/.test(id)) throw invalid('run_id', `'${id.slice(0, 80)}' is not a run id`);
  return id;
}

export function getPlace(request: FastifyRequest): NonNullable<Place> {
  const path = findText(toFields(request.params), '*') ?? '';
  const place = toPlace(path);
  if (!place) {
    throw errors.artifactPathInvalid({
      path: path.slice(0, 200),
      reason:
        'artifacts lie at <experiment>/<run>/artifacts/<path> or <experiment>/models/<model>/artifacts/<path>',
    });
  }
  return place;
}

export function toPlace(given: string): Place {
  const [experiment, ...below] = parseArtifactFolder(given).split('/');
  const [owner, folder, ...rest] = below[0] === 'models' ? below.slice(1) : below;
  if (!experiment || !owner || folder !== 'artifacts') return null;
  return { owner, path: rest.join('/') };
}
