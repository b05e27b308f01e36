import type { Column, FeatureViewDefinition, Row } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';

/** What a view means: a change here is a new version, a change of its description is not. */
export interface ViewMeaning {
  readonly sql: string;
  readonly entity: readonly string[];
  readonly eventTime: string;
  readonly createdTime: string | null;
  readonly ttlDays: number | null;
}

/** Without the semicolon at the end, so that the text can stand inside another statement. */
export const cleanSql = (sql: string): string => sql.trim().replace(/[;\s]+$/, '');

export const meaningOf = (definition: FeatureViewDefinition): ViewMeaning => ({
  sql: cleanSql(definition.sql),
  entity: definition.entity,
  eventTime: definition.eventTime,
  createdTime: definition.createdTime ?? null,
  ttlDays: definition.ttlDays ?? null,
});

export const isSameMeaning = (a: ViewMeaning, b: ViewMeaning): boolean => spell(a) === spell(b);

const spell = ({ sql, entity, eventTime, createdTime, ttlDays }: ViewMeaning): string =>
  JSON.stringify([sql, entity, eventTime, createdTime, ttlDays]);

export const namesOf = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(', ');

const isTime = ({ type }: Column): boolean => type === 'date' || type === 'timestamp';

/** @throws featureColumnInvalid unless the column is there and says when */
export function assertTimeColumn(what: string, columns: readonly Column[], name: string): void {
  const found = assertColumn(what, columns, name);
  if (isTime(found)) return;
  const reason = `is ${found.type}; it must be a date or timestamp (write cast(${name} as timestamp))`;
  throw errors.featureColumnInvalid({ what, column: name, reason, known: namesOf(columns) });
}

/** @throws featureColumnInvalid */
export function assertColumn(what: string, columns: readonly Column[], name: string): Column {
  const found = columns.find((column) => column.name === name);
  if (found) return found;
  throw errors.featureColumnInvalid({ what, column: name, reason: 'is missing', known: namesOf(columns) });
}

/** The columns that are neither key nor time. @throws featureColumnInvalid where the SQL lacks what the view names */
export function featuresOf(what: string, meaning: ViewMeaning, columns: readonly Column[]): Column[] {
  for (const name of meaning.entity) assertColumn(what, columns, name);
  assertTimeColumn(what, columns, meaning.eventTime);
  if (meaning.createdTime !== null) assertTimeColumn(what, columns, meaning.createdTime);
  const taken = new Set([...meaning.entity, meaning.eventTime, meaning.createdTime]);
  const features = columns.filter(({ name }) => !taken.has(name));
  if (features.length > 0) return features.map(({ name, type }) => ({ name, type }));
  const reason = 'and the keys are all there is: no feature is left';
  throw errors.featureColumnInvalid({ what, column: meaning.eventTime, reason, known: namesOf(columns) });
}

const comparable = (type: Column['type']): string =>
  type === 'integer' || type === 'double' ? 'number' : type;

/** @throws trainingSetInvalid where a key of ours can never equal a key of the view */
export function assertJoinable(
  name: string,
  keys: readonly string[],
  left: readonly Column[],
  right: { readonly what: string; readonly columns: readonly Column[] },
): void {
  for (const key of keys) {
    const ours = assertColumn(`the entities of '${name}'`, left, key);
    const theirs = assertColumn(right.what, right.columns, key);
    if (comparable(ours.type) === comparable(theirs.type)) continue;
    const reason = `the key '${key}' is ${ours.type} in the entities and ${theirs.type} in ${right.what}; cast one of them`;
    throw errors.trainingSetInvalid({ name, reason });
  }
}

/** One text per entity, whatever the order of the record's fields: a JSON array in the order of the key columns. */
export function entityKey(entityColumns: readonly string[], record: Row): string {
  const values = entityColumns.map((column) => {
    const value = record[column];
    if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return value;
    throw errors.entityKeyMissing({ column });
  });
  return JSON.stringify(values);
}
