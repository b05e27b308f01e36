import type {
  DatasetVersion,
  EndpointRevision,
  LearnedVersion,
  ModelVersion,
  PredictionLineage,
  Run,
} from '@tidemill/contract';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Caller } from '../../base/caller.ts';
import { TidemillError } from '../../base/errors.ts';
import { parseUri, toUri } from '../../base/references.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Features } from '../../data/features/service.ts';
import type { Registry } from '../../models/registry/service.ts';
import type { Experiments } from '../../training/experiments/service.ts';
import type { Endpoints } from '../endpoints/service.ts';
import type { Predictions } from '../predictions/service.ts';
import { codeOf, sourceOf, toLearned, usedValues } from './rules.ts';

export interface OriginsDependencies {
  readonly lineage: Pick<Lineage, 'lineage'>;
  readonly datasets: Pick<Datasets, 'resolve'>;
  readonly features: { readonly services: Pick<Features['services'], 'resolve'> };
  readonly experiments: Pick<Experiments, 'getRun'>;
  readonly registry: Pick<Registry, 'resolve'>;
  readonly predictions: Pick<Predictions, 'get'>;
  readonly endpoints: Pick<Endpoints, 'findRevision'>;
}

interface Request {
  readonly id: string;
  readonly endpoint?: string | undefined;
}

/** Versions followed from the training set to its sources; of more, the edges still tell. */
const mostVersions = 200;
const edgeDepth = 8;

/** What a prediction came from, to the rows that its model learned from. What was deleted since is named. */
export function createOrigins(deps: OriginsDependencies) {
  async function ifThere<T>(found: Promise<T>, uri: string, gone: Set<string>): Promise<T | null> {
    try {
      return await found;
    } catch (error) {
      if (!(error instanceof TidemillError) || error.status !== 404) throw error;
      gone.add(uri);
      return null;
    }
  }

  /** Level by level through what each version says that it was made of. */
  async function versionsAbove(first: DatasetVersion, gone: Set<string>, workspace: string) {
    const met = new Map([[first.uri, first]]);
    let level = [first];
    while (level.length > 0 && met.size < mostVersions) {
      const uris = [...new Set(level.flatMap(({ provenance }) => provenance.inputs))].filter(
        (uri) => uri.startsWith('dataset:') && !met.has(uri),
      );
      const found = await Promise.all(
        uris
          .slice(0, mostVersions - met.size)
          .map((uri) => ifThere(deps.datasets.resolve(parseUri(uri).reference, workspace), uri, gone)),
      );
      level = found.filter((version) => version !== null);
      for (const version of level) met.set(version.uri, version);
    }
    return [...met.values()];
  }

  async function modelOf(reference: string, gone: Set<string>, workspace: string) {
    if (reference === 'fallback') return null;
    return ifThere(deps.registry.resolve(reference, workspace), `model:${reference}`, gone);
  }

  async function runOf(model: ModelVersion | null, gone: Set<string>, caller: Caller): Promise<Run | null> {
    if (!model?.runId) return null;
    return ifThere(deps.experiments.getRun({ id: model.runId }, caller), toUri('run', model.runId), gone);
  }

  async function learnedBy(model: ModelVersion | null, gone: Set<string>, workspace: string) {
    const uri = model?.trainingSet;
    if (!uri) return [];
    const first = await ifThere(deps.datasets.resolve(parseUri(uri).reference, workspace), uri, gone);
    return first ? versionsAbove(first, gone, workspace) : [];
  }

  async function serviceOf(reference: string | undefined, gone: Set<string>, workspace: string) {
    if (reference === undefined) return null;
    return ifThere(deps.features.services.resolve(reference, workspace), toUri('service', reference), gone);
  }

  return {
    /** @throws predictionNotFound */
    async ofPrediction({ id, endpoint: where }: Request, caller: Caller): Promise<PredictionLineage> {
      const { workspace } = caller;
      const gone = new Set<string>();
      const { endpoint: name, record } = await deps.predictions.get({ id, endpoint: where }, caller);
      const uri = toUri('endpoint', name, record.revision);
      const [revision, model, { upstream }] = await Promise.all([
        deps.endpoints.findRevision(name, record.revision, workspace),
        modelOf(record.model, gone, workspace),
        deps.lineage.lineage({ uri, depth: edgeDepth }, caller),
      ]);
      const variant = revision?.variants.find((each) => each.name === record.variant);
      const [run, versions, service] = await Promise.all([
        runOf(model, gone, caller),
        learnedBy(model, gone, workspace),
        serviceOf(variant?.service, gone, workspace),
      ]);
      const entity = revision?.entity ?? [];
      const learned = versions.map((version) => toLearned(version, entity, record.key));
      const [trainingSet = null, ...datasets] = learned;
      return {
        endpoint: { uri, name, revision: record.revision, entity },
        prediction: record,
        rule: record.source === 'fallback' ? (revision?.fallback ?? null) : null,
        values: usedValues(record, variant?.view ? toUri('view', variant.view) : null, service),
        model: model && pickModel(model),
        run: run && pickRun(run),
        code: model && codeOf(run, model),
        trainingSet,
        datasets,
        features: featuresOf(learned, variant),
        sources: versions.map(sourceOf).filter((source) => source !== null),
        edges: upstream,
        gone: [...gone],
      };
    },
  };
}

export type Origins = ReturnType<typeof createOrigins>;

const pickModel = ({ uri, reference, digest, approval, createdAt, createdBy }: ModelVersion) => ({
  ...{ uri, reference, digest, approval, createdAt, createdBy },
});

const pickRun = ({ id, name, user, startedAt, parameters }: Run) => ({
  ...{ uri: toUri('run', id), id, name, user, startedAt, parameters },
});

function featuresOf(
  learned: readonly LearnedVersion[],
  variant: EndpointRevision['variants'][number] | undefined,
): string[] {
  const used = learned.flatMap(({ inputs }) => inputs).filter((uri) => /^(?:view|service):/.test(uri));
  if (variant?.view) used.push(toUri('view', variant.view));
  if (variant?.service) used.push(toUri('service', variant.service));
  return [...new Set(used)];
}
