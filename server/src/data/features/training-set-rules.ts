import type { Column, FeatureService, FeatureView, TrainingSetDefinition } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import { assertColumn, assertTimeColumn } from './columns.ts';
import { type LabelColumns, labelColumn } from './label-join.ts';
import { assertJoinable, comparable } from './rules.ts';
import { rowColumn, timeColumn } from './view-join.ts';

/** What a training set takes of a service. */
export type TakenService = Pick<FeatureService, 'reference' | 'views' | 'joinKeys' | 'request' | 'onDemand'>;

/** A view of a training set: which of its features are taken, and what they are called. */
export interface TakenView {
  readonly view: FeatureView;
  readonly features: readonly { readonly name: string; readonly as: string }[];
  /** The column that says why a row has no values, where it is asked for. */
  readonly statusAs: string | undefined;
}

export const eventTimeOf = ({ eventTime }: { readonly eventTime?: string | undefined }): string =>
  eventTime ?? 'event_time';

/** What errors call the parts of a training set. */
export const entitiesOf = (name: string): string => `the entities of the training set '${name}'`;
export const labelOf = (name: string): string => `the label of the training set '${name}'`;

/** Milliseconds; a date alone is its first instant in UTC. @throws trainingSetInvalid */
export function readAsOf({ name, asOf }: TrainingSetDefinition): number | null {
  if (asOf === undefined) return null;
  const time = Date.parse(asOf);
  if (!Number.isNaN(time)) return time;
  throw errors.trainingSetInvalid({
    name,
    reason: `asOf '${asOf}' is not an ISO time such as 2023-09-30T00:00:00Z`,
  });
}

/** @throws trainingSetInvalid, featureColumnInvalid */
export function assertEntities(
  definition: TrainingSetDefinition,
  columns: readonly Column[],
  views: readonly TakenView[],
  service: TakenService | null,
): void {
  const { name } = definition;
  const what = entitiesOf(name);
  assertTimeColumn(what, columns, eventTimeOf(definition), "'eventTime'");
  for (const { view } of views) for (const key of view.entity) assertColumn(what, columns, key);
  if (service) assertRequestFields(name, service, columns);
  const ours: string[] = [rowColumn, timeColumn, labelColumn];
  const taken = new Map(columns.map((column) => [column.name.toLowerCase(), 'the entities']));
  for (const { name: column } of columns)
    if (ours.includes(column.toLowerCase()))
      throw errors.trainingSetInvalid({
        name,
        reason: `the column name '${column}' is kept for our own use`,
      });
  for (const { view, features, statusAs } of views) {
    for (const feature of features) take(name, taken, feature.as, view.reference);
    if (statusAs !== undefined) take(name, taken, statusAs, `the status of ${view.reference}`);
  }
  for (const feature of service?.onDemand ?? [])
    take(name, taken, feature.name, `${service?.reference} on demand`);
}

/** What expressions read of a request stands in the entity rows. */
function assertRequestFields(name: string, service: TakenService, columns: readonly Column[]): void {
  if (service.onDemand.length === 0) return;
  const what = `${entitiesOf(name)}, for the request of ${service.reference}`;
  for (const field of service.request) {
    const found = assertColumn(what, columns, field.name);
    if (comparable(found.type) === comparable(field.type)) continue;
    const reason = `'${field.name}' is ${found.type} in the entities and ${field.type} in the request of ${service.reference}; cast it`;
    throw errors.trainingSetInvalid({ name, reason });
  }
}

/** Two columns of one name would make one of them vanish. */
function take(name: string, taken: Map<string, string>, column: string, owner: string): void {
  const other = taken.get(column.toLowerCase());
  if (other !== undefined) {
    const reason = `'${column}' comes from ${other} and from ${owner}; rename it in one of them (select ... as ...)`;
    throw errors.trainingSetInvalid({ name, reason });
  }
  taken.set(column.toLowerCase(), owner);
}

/** @throws trainingSetInvalid */
export function assertViews(
  { name, label }: TrainingSetDefinition,
  views: readonly TakenView[],
  service: TakenService | null,
): void {
  const onDemand = service?.onDemand.find((each) => each.name.toLowerCase() === label?.column.toLowerCase());
  if (onDemand) {
    const reason = `the label '${onDemand.name}' is also a feature on demand of ${service?.reference}`;
    throw errors.trainingSetInvalid({ name, reason });
  }
  const seen = new Set<string>();
  for (const { view, features } of views) {
    if (seen.has(view.name))
      throw errors.trainingSetInvalid({ name, reason: `it names the view '${view.name}' twice` });
    seen.add(view.name);
    const clash = features.find(({ as }) => as.toLowerCase() === label?.column.toLowerCase());
    if (clash)
      throw errors.trainingSetInvalid({
        name,
        reason: `the label '${clash.as}' is also a feature of ${view.reference}`,
      });
  }
}

/** Labels are found by those of their columns that are keys of a view. @throws trainingSetInvalid, featureColumnInvalid */
export function labelColumnsOf(
  { name, label }: TrainingSetDefinition,
  columns: readonly Column[],
  entities: readonly Column[],
  views: readonly TakenView[],
): LabelColumns {
  const what = labelOf(name);
  const column = label?.column ?? '';
  const knownAt = label?.knownAt ?? '';
  const eventTime = eventTimeOf(label ?? {});
  assertColumn(what, columns, column);
  assertTimeColumn(what, columns, knownAt, "'knownAt' of the label");
  assertTimeColumn(what, columns, eventTime, "'eventTime' of the label");
  const entityKeys = new Set(views.flatMap(({ view }) => view.entity));
  const keys = columns.map((each) => each.name).filter((each) => entityKeys.has(each) && each !== column);
  if (keys.length === 0) {
    const reason = `the label's SQL gives none of the keys ${[...entityKeys].join(', ')}`;
    throw errors.trainingSetInvalid({ name, reason });
  }
  if (entities.some((each) => each.name.toLowerCase() === column.toLowerCase()))
    throw errors.trainingSetInvalid({
      name,
      reason: `the label '${column}' is also a column of the entities`,
    });
  assertJoinable(name, keys, entities, { what, columns });
  return { keys, eventTime, column, knownAt };
}

const isSelect = /^[\s(]*(?:select|with|from|values|table|--|\/\*)/i;

/** A select, or the name of a dataset that holds the entity rows: `orders@3`. */
export function entitiesSql(entities: string, clean: (sql: string) => string): string {
  const text = clean(entities);
  if (isSelect.test(text) || /\s/.test(text)) return text;
  const reference = text.replace(/^dataset:/, '').replace(/^"(.*)"$/, '$1');
  return `select * from "${reference.replaceAll('"', '""')}"`;
}
