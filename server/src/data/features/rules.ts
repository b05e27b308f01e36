import type {
  Aggregation,
  Column,
  Entity,
  FeatureViewDefinition,
  Row,
  StreamDefinition,
} from '@tidemill/contract';
import { durationMs } from '../../base/duration.ts';
import { errors } from '../../base/errors.ts';
import { aggregatedFeatures, inputsOf, named } from './aggregations.ts';
import { assertFreeNames } from './catalogue/names.ts';
import { assertColumn, assertTimeColumn, namesOf } from './columns.ts';

/** What a definition says, before its SQL has been run. */
export interface ViewShape {
  readonly sql: string;
  /** References of the entities it was defined with. */
  readonly entities: string[];
  /** Its key columns. */
  readonly entity: string[];
  readonly eventTime: string;
  readonly createdTime: string | null;
  readonly ttlMs: number | null;
  readonly stream: StreamDefinition | null;
  readonly aggregations: Aggregation[];
}

/** What a view means: a change here is a new version, a change of its description, owner or freshness is not. */
export interface ViewMeaning extends ViewShape {
  /** The key columns with their types; empty for views older than types of keys. */
  readonly joinKeys: Column[];
  /** The columns that aggregations read; only where there are some. */
  readonly inputs?: Column[];
  readonly features: Column[];
  readonly datasets: string[];
}

/** Without the semicolon at the end, so that the text can stand inside another statement. */
export const cleanSql = (sql: string): string => sql.trim().replace(/[;\s]+$/, '');

/** @throws featureDefinitionInvalid unless it says once which columns are its keys */
export function shapeOf(
  what: string,
  definition: FeatureViewDefinition,
  entities: readonly Entity[],
): ViewShape {
  return {
    sql: cleanSql(sqlOf(what, definition)),
    entities: entities.map(({ reference }) => reference),
    entity: keyColumns(what, definition, entities),
    eventTime: definition.eventTime,
    createdTime: definition.createdTime ?? null,
    ttlMs: definition.ttl === undefined ? null : durationMs(definition.ttl),
    stream: definition.stream ?? null,
    aggregations: named(what, definition),
  };
}

/** All rows that were pushed. */
export const streamSql = ({ dataset }: StreamDefinition): string => `select * from "${dataset}"`;

function sqlOf(what: string, { sql, stream }: FeatureViewDefinition): string {
  if (sql !== undefined) return sql;
  if (stream) return streamSql(stream);
  throw errors.featureDefinitionInvalid({ what, reason: 'it has neither sql nor a stream' });
}

function keyColumns(
  what: string,
  { entity, entities }: FeatureViewDefinition,
  found: readonly Entity[],
): string[] {
  const invalid = (reason: string) => errors.featureDefinitionInvalid({ what, reason });
  if (entity !== undefined && entities !== undefined)
    throw invalid("it says 'entities' and 'entity'; give the names of entities or the key columns, not both");
  if (entity === undefined && entities === undefined)
    throw invalid("it has no keys: give 'entities', names of entities, or 'entity', its key columns");
  const keys = entity ?? found.flatMap(({ joinKeys }) => joinKeys.map(({ name }) => name));
  const twice = keys.find((key, i) => keys.indexOf(key) !== i);
  if (twice === undefined) return [...keys];
  const owners = found.filter(({ joinKeys }) => joinKeys.some(({ name }) => name === twice));
  const where = owners.length > 1 ? ` (${owners.map(({ name }) => name).join(' and ')})` : '';
  throw invalid(`the key '${twice}' is there twice${where}`);
}

/** @throws featureColumnInvalid, featureDefinitionInvalid where the SQL lacks what the view names */
export function meaningOf(
  what: string,
  shape: ViewShape,
  columns: readonly Column[],
  entities: readonly Entity[],
  datasets: readonly string[],
): ViewMeaning {
  const plain = featuresOf(what, shape, columns);
  const { aggregations } = shape;
  const features = aggregations.length === 0 ? plain : aggregatedFeatures(what, aggregations, plain);
  assertFreeNames(
    what,
    'feature',
    features.map(({ name }) => name),
  );
  assertFreeNames(what, 'key', shape.entity);
  assertDistinct(what, columns);
  const taken = aggregations.find(({ name = '' }) => shape.entity.includes(name));
  if (taken)
    throw errors.featureDefinitionInvalid({
      what,
      reason: `'${taken.name}' is a key and an aggregation; name it`,
    });
  const joinKeys = shape.entity.map((key) => {
    const { name, type } = assertColumn(what, columns, key);
    return { name, type };
  });
  for (const entity of entities) assertKeyTypes(what, entity, joinKeys);
  const inputs = aggregations.length > 0 && { inputs: inputsOf(aggregations, plain) };
  return { ...shape, joinKeys, ...inputs, features, datasets: [...datasets] };
}

/** @throws featureDefinitionInvalid for names that files and SQL take for one */
function assertDistinct(what: string, columns: readonly Column[]): void {
  const seen = new Map<string, string>();
  for (const { name } of columns) {
    const alike = seen.get(name.toLowerCase());
    if (alike !== undefined) {
      const reason = `its SQL gives the columns '${alike}' and '${name}', which differ in nothing but case; rename one (select ... as ...)`;
      throw errors.featureDefinitionInvalid({ what, reason });
    }
    seen.set(name.toLowerCase(), name);
  }
}

function assertKeyTypes(what: string, entity: Entity, keys: readonly Column[]): void {
  for (const { name, type } of entity.joinKeys) {
    const found = keys.find((key) => key.name === name);
    if (!found || comparable(found.type) === comparable(type)) continue;
    const reason = `the key '${name}' is ${found.type} in its SQL and ${type} in the entity ${entity.reference}; cast it (cast(${name} as ${type}))`;
    throw errors.featureDefinitionInvalid({ what, reason });
  }
}

export const isSameMeaning = (a: ViewMeaning, b: ViewMeaning): boolean =>
  spell(a) === spell(b) &&
  (a.joinKeys.length === 0 ||
    b.joinKeys.length === 0 ||
    spellColumns(a.joinKeys) === spellColumns(b.joinKeys));

const spellColumns = (columns: readonly Column[]): string =>
  JSON.stringify(columns.map(({ name, type }) => [name, type]));

const spell = (meaning: ViewMeaning): string => {
  const { sql, entities, entity, eventTime, createdTime, ttlMs, stream, aggregations, features } = meaning;
  const parts = [sql, entities, entity, eventTime, createdTime, ttlMs, stream, aggregations];
  return `${JSON.stringify(parts)}${spellColumns(features)}${spellColumns(meaning.inputs ?? [])}`;
};

type ViewKeys = Pick<ViewShape, 'entity' | 'eventTime' | 'createdTime'> &
  Partial<Pick<ViewShape, 'aggregations'>>;

/** The columns that are neither key nor time. @throws featureColumnInvalid where the SQL lacks what the view names */
export function featuresOf(what: string, meaning: ViewKeys, columns: readonly Column[]): Column[] {
  for (const name of meaning.entity) assertColumn(what, columns, name);
  assertTimeColumn(what, columns, meaning.eventTime, "'eventTime'");
  if (meaning.createdTime !== null) assertTimeColumn(what, columns, meaning.createdTime, "'createdTime'");
  const taken = new Set([...meaning.entity, meaning.eventTime, meaning.createdTime]);
  const features = columns.filter(({ name }) => !taken.has(name));
  // Events can be counted without any other column.
  if (features.length > 0 || (meaning.aggregations ?? []).length > 0)
    return features.map(({ name, type }) => ({ name, type }));
  const reason = 'and the keys are all there is: no feature is left';
  throw errors.featureColumnInvalid({ what, column: meaning.eventTime, reason, known: namesOf(columns) });
}

export const comparable = (type: Column['type']): string =>
  type === 'integer' || type === 'double' ? 'number' : type;

/** @throws trainingSetInvalid where a key of ours can never equal a key of the view */
export function assertJoinable(
  name: string,
  keys: readonly string[],
  left: readonly Column[],
  right: { readonly what: string; readonly columns: readonly Column[] },
): void {
  for (const key of keys) {
    const ours = assertColumn(`the entities of the training set '${name}'`, left, key);
    const theirs = assertColumn(right.what, right.columns, key);
    if (comparable(ours.type) === comparable(theirs.type)) continue;
    const reason = `the key '${key}' is ${ours.type} in the entities and ${theirs.type} in ${right.what}; cast one of them`;
    throw errors.trainingSetInvalid({ name, reason });
  }
}

/**
 * One text per entity, whatever the order of the record's fields: a JSON array in the order of the key columns.
 * `index`: where the record stands in its request. @throws entityKeyMissing
 */
export function entityKey(entityColumns: readonly string[], record: Row, index = 0): string {
  const values = entityColumns.map((column) => {
    const value = record[column];
    if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return value;
    throw errors.entityKeyMissing({ record: index, column });
  });
  return JSON.stringify(values);
}
