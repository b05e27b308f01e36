import type {
  DatasetVersion,
  FeatureService,
  LearnedVersion,
  ModelVersion,
  PredictionRecord,
  Run,
  UsedCode,
  UsedValue,
} from '@tidemill/contract';
import { quoteName, quoteText } from '../../base/sql-text.ts';

/** What the model saw: values that a service gave under the names of its features, the others as the request brought them. */
export function usedValues(
  record: PredictionRecord,
  view: string | null,
  service: FeatureService | null,
): UsedValue[] {
  const looked = new Map<string, UsedValue>();
  const { online } = record;
  for (const [i, { as, view: from }] of featuresOf(service).entries()) {
    if (!online || i >= online.values.length) break;
    looked.set(as, {
      name: as,
      value: online.values[i],
      from,
      status: online.statuses[i] ?? null,
      eventTime: online.eventTimes[i] ?? null,
    });
  }
  const given = Object.entries(record.features)
    .filter(([name]) => !looked.has(name))
    .map(([name, value]) => ({ name, value, from: view, status: null, eventTime: null }));
  return [...given, ...looked.values()];
}

/** In the order in which the log keeps their values: view by view, then those on demand. */
const featuresOf = (service: FeatureService | null): { as: string; view: string }[] =>
  service === null
    ? []
    : [
        ...service.views.flatMap(({ reference, features }) =>
          features.map(({ as }) => ({ as, view: `view:${reference}` })),
        ),
        ...service.onDemand.map(({ name }) => ({ as: name, view: service.uri })),
      ];

export function codeOf(run: Run | null, { recipe }: Pick<ModelVersion, 'recipe'>): UsedCode | null {
  const learner = typeof recipe?.learner === 'string' ? recipe.learner : null;
  const tag = (name: string): string | null => run?.tags[`mlflow.source.${name}`] ?? null;
  const code = {
    commit: tag('git.commit'),
    branch: tag('git.branch'),
    repository: tag('git.repoURL'),
    dirty: tag('git.dirty') === 'true',
    source: tag('name'),
    learner,
  };
  return run || learner ? code : null;
}

/** The rows of one entity, where the table has its columns. The key is what the log keeps: a JSON array in their order. */
export function entityCondition(
  version: Pick<DatasetVersion, 'columns'>,
  entity: readonly string[],
  key: string,
): string | null {
  const values = parseKey(key);
  if (entity.length === 0 || values?.length !== entity.length) return null;
  const parts: string[] = [];
  for (const [i, name] of entity.entries()) {
    if (!version.columns.some((column) => column.name === name)) return null;
    const value = values[i];
    parts.push(`${quoteName(name)} = ${typeof value === 'number' ? value : quoteText(String(value))}`);
  }
  return parts.join(' and ');
}

function parseKey(key: string): unknown[] | null {
  try {
    const value: unknown = JSON.parse(key);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

export function toLearned(version: DatasetVersion, entity: readonly string[], key: string): LearnedVersion {
  const data = `/api/v1/datasets/${encodeURIComponent(version.dataset)}/versions/${version.version}/data`;
  const where = entityCondition(version, entity, key);
  return {
    uri: version.uri,
    reference: version.reference,
    digest: version.digest,
    rows: version.rows,
    madeBy: version.provenance.kind,
    inputs: version.provenance.inputs,
    createdAt: version.createdAt,
    createdBy: version.createdBy,
    data,
    entityData: where === null ? null : `${data}?where=${encodeURIComponent(where)}`,
    entityWhere: where,
  };
}

/** Where rows came from that were made of no other version: a source's location, or an upload. */
export function sourceOf({ provenance, reference, createdBy }: DatasetVersion): string | null {
  const { kind, inputs, detail } = provenance;
  if (kind === 'source') return `source:${String(detail.source)} (${String(detail.location)})`;
  if (inputs.some((uri) => uri.startsWith('dataset:'))) return null;
  return `${reference}: ${kind}${typeof detail.format === 'string' ? ` of ${detail.format}` : ''} by ${createdBy}`;
}
