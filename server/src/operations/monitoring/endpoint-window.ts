import type { DatasetVersion, ModelVersion, PredictionRecord } from '@tidemill/contract';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Evaluations } from '../../models/evaluation/service.ts';
import type { Endpoints } from '../../serving/endpoints/service.ts';
import type { Predictions } from '../../serving/predictions/service.ts';
import { createKept } from './kept.ts';
import { type ErrorReference, errorsOfEvaluation, errorsOfRelease } from './references.ts';
import { type Unit, unitsOfColumn, unitsOfErrors, windowOf } from './rules.ts';
import type { StoredMonitor } from './store.ts';

export interface EndpointWindowDependencies {
  readonly endpoints: Pick<Endpoints, 'currentDefinition'>;
  readonly predictions: Pick<Predictions, 'window' | 'list'>;
  readonly registry: { resolve(reference: string, workspace: string): Promise<ModelVersion> };
  readonly datasets: Pick<Datasets, 'resolve'>;
  readonly evaluations: Pick<Evaluations, 'list' | 'get'>;
}

/** What an endpoint answered lately, by whom, and what that is held against: read once for all of its monitors. */
export interface EndpointWindow {
  readonly workspace: string;
  readonly endpoint: string;
  readonly live: ModelVersion;
  /** Columns of a record that name its entity. */
  readonly entity: readonly string[];
  /** Newest first. */
  readonly records: readonly PredictionRecord[];
  units(column: string): readonly Unit[];
  errors(): readonly Unit[];
  /** The dataset version a monitor watches against; null when the live model has no training set of ours. */
  reference(monitor: StoredMonitor): Promise<DatasetVersion | null>;
  /** Null while too little is known of what is normal. */
  errorReference(monitor: StoredMonitor): Promise<(ErrorReference & { readonly until?: number }) | null>;
}

const keptVersions = 200;
/** Beyond the window: what came since the last check, and the days whose outcome is still to come. */
const backlog = 32;
const mostRecords = 10_000;

const isNumbered = (reference: string): boolean => /@\d+$/.test(reference);

export function createEndpointWindows(deps: EndpointWindowDependencies) {
  const { endpoints, predictions, registry, datasets, evaluations } = deps;
  const models = createKept<ModelVersion>(keptVersions, () => 1);
  const versions = createKept<DatasetVersion>(keptVersions, () => 1);
  const releases = createKept<ErrorReference & { until: number }>(keptVersions, () => 1);

  const modelOf = (reference: string, workspace: string) =>
    models.get(`${workspace}|${reference}`, () => registry.resolve(reference, workspace));

  /** Only a number means the same tomorrow. */
  function datasetOf(reference: string, workspace: string): Promise<DatasetVersion> {
    const resolve = () => datasets.resolve(reference, workspace);
    return isNumbered(reference) ? versions.get(`${workspace}|${reference}`, resolve) : resolve();
  }

  async function errorReference(
    workspace: string,
    endpoint: string,
    live: ModelVersion,
    monitor: StoredMonitor,
  ) {
    const caller = { actor: 'system:monitoring', role: 'admin', workspace } as const;
    const newest = { model: live.reference, source: 'model', task: 'regression', limit: 1 } as const;
    const { items } = await evaluations.list(newest, caller);
    const judged = items[0] && errorsOfEvaluation(await evaluations.get({ id: items[0].id }, caller));
    if (judged) return judged;
    const key = `${workspace}|${endpoint}|${live.reference}|${windowOf(monitor)}`;
    return releases
      .get(key, async () => {
        const request = { name: endpoint, model: live.reference, limit: mostRecords };
        const { items: records } = await predictions.list(request, caller);
        const found = errorsOfRelease(
          live,
          endpoint,
          records.filter(({ role }) => role === 'live'),
          windowOf(monitor),
        );
        // Thrown, so that it is not remembered: more may be known next time.
        if (!found) throw new NotYet();
        return found;
      })
      .catch((error: unknown) => {
        if (error instanceof NotYet) return null;
        throw error;
      });
  }

  /** @throws endpointNotFound */
  async function read(
    workspace: string,
    endpoint: string,
    monitors: readonly StoredMonitor[],
  ): Promise<EndpointWindow> {
    const definition = await endpoints.currentDefinition(endpoint, workspace);
    const answering = definition.variants.filter((variant) => !variant.shadow);
    const main = answering.reduce((best, variant) => (variant.weight > best.weight ? variant : best));
    const live = await modelOf(main.model, workspace);
    const widest = Math.max(...monitors.map(windowOf));
    const hasErrors = monitors.some(({ kind }) => kind === 'error');
    // Answers of the rule and of a canary stand between those of the live model.
    const rows = (hasErrors ? 2 * widest : widest) + backlog;
    const records = await predictions.window({ workspace, endpoint, rows });
    const units = new Map<string, readonly Unit[]>();
    const remembered = (key: string, find: () => readonly Unit[]): readonly Unit[] => {
      const found = units.get(key) ?? find();
      units.set(key, found);
      return found;
    };
    return {
      workspace,
      endpoint,
      live,
      entity: definition.entity,
      records,
      units: (column) => remembered(`column ${column}`, () => unitsOfColumn(records, column)),
      errors: () => remembered('errors', () => unitsOfErrors(records, live.reference)),
      async reference(monitor) {
        const reference = monitor.reference ?? live.trainingSet;
        return reference === null ? null : datasetOf(reference, workspace);
      },
      errorReference: (monitor) => errorReference(workspace, endpoint, live, monitor),
    };
  }

  return { read };
}

class NotYet extends Error {}
