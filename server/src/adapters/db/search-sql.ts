/**
 * SQL of searches, for every store whose rows are searched in MLflow's grammar. A store says where its attributes and
 * entities lie, and puts what comes back into its own statement:
 *
 *     const isOwn: EntityTable['isOwn'] = (entry) =>
 *       sql`${entry('workspace')} = model.workspace and ${entry('model')} = model.name`;
 *     const search = searchSql(db, {
 *       attributes: { name: sql`model.name`, createdAt: sql`model.created_at` },
 *       tag: { table: sql`model_tags`, isOwn },
 *     });
 *     await sql<Row>`select model.name, model.created_at from registered_models model ${search.joins(order)}
 *       where model.workspace = ${workspace} and ${search.where(filter)}
 *       order by ${search.orderBy(order, [sql`model.name`])} limit ${limit + 1} offset ${offset}`.execute(db);
 *
 * `attributes` go by the keys of the domain's `Searchable`. Tables of tags and parameters have the columns `key` and
 * `value`, tables of metrics `is_nan` too, and `minimum` and `maximum` where the domain's `Searchable` has extremes. Every value is a parameter; only words of the stores become SQL text.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Comparison, Entity, Filter, Ordering } from '../../base/search/grammar.ts';
import { type DatabaseKind, type Db, kindOf } from './db.ts';

export type Sql = RawBuilder<unknown>;
export type SqlByName = Readonly<Record<string, Sql>>;

export interface EntityTable {
  /** A table, or a `(select …)` that is as good as one. At most one row of an owner and key, or ordering multiplies rows. */
  readonly table: Sql;
  /** Whether an entry belongs to the searched row. `asked` is for metrics that also depend on an ordering's dataset. */
  readonly isOwn: (entry: (column: string) => Sql, asked: Comparison | Ordering) => Sql;
  /** What follows the table's name, such as SQLite's `indexed by`. */
  readonly hint?: Sql;
  /** Whether an index holds the first hundred characters of the values: see `compareIndexed`. */
  readonly isIndexed?: boolean;
}

export type SearchColumns = { readonly attributes: SqlByName } & Readonly<
  // A dataset's key is a column of the table, not a value in it.
  Partial<Record<Exclude<Entity, 'attribute'>, EntityTable>>
>;

export const searchSql = (db: Db, { attributes, ...tables }: SearchColumns) => {
  const kind = kindOf(db);

  const toCondition = (filter: Filter): Sql => {
    if ('all' in filter) return join(filter.all.map(toCondition), sql` and `);
    if ('any' in filter) return join(filter.any.map(toCondition), sql` or `);
    if (filter.entity !== 'attribute') return compareEntry(filter, tables[filter.entity]);
    return compare(kind, attributes[filter.key] ?? missing, filter);
  };

  /** An entry that the owner lacks matches nothing, not even `!=`. */
  const compareEntry = (comparison: Comparison, own: EntityTable | undefined): Sql => {
    if (!own) return sql`1 = 0`;
    const { entity, key, operator } = comparison;
    const isOwn = own.isOwn((column) => sql.ref(`entry.${column}`), comparison);
    const isKey = entity === 'dataset' ? sql`` : sql`and entry.key = ${key}`;
    const entry = sql`select 1 from ${own.table} as entry ${own.hint ?? sql``} where ${isOwn} ${isKey}`;
    const isThere = comparison.extreme
      ? sql`exists (${entry} and ${sql.ref(`entry.${comparison.extreme}`)} is not null)`
      : sql`exists (${entry})`;
    if (operator === 'IS NULL') return sql`not ${isThere}`;
    if (operator === 'IS NOT NULL') return isThere;
    return sql`exists (${entry} and ${compareValue(comparison, own)})`;
  };

  const compareValue = (comparison: Comparison, own: EntityTable): Sql => {
    const { entity, key, extreme } = comparison;
    if (entity === 'metric' && !extreme) return compareMetric(kind, comparison);
    if (own.isIndexed) return compareIndexed(kind, comparison);
    return compare(kind, sql.ref(`entry.${extreme ?? (entity === 'dataset' ? key : 'value')}`), comparison);
  };

  const toJoin = (ordering: Ordering, index: number): Sql => {
    const own = ordering.entity === 'attribute' ? undefined : tables[ordering.entity];
    if (!own) return sql``;
    const entry = (column: string) => sql.ref(`order_${index}.${column}`);
    return sql`left join ${own.table} as ${sql.id(`order_${index}`)} ${own.hint ?? sql``}
      on ${own.isOwn(entry, ordering)} and ${entry('key')} = ${ordering.key}`;
  };

  const toOrder = (ordering: Ordering, index: number): Sql[] => {
    const { entity, key, extreme } = ordering;
    if (entity === 'attribute') return lastIfMissing(attributes[key] ?? missing, ordering);
    const value = sql.ref(`order_${index}.${extreme ?? 'value'}`);
    if (entity !== 'metric' || extreme) return lastIfMissing(value, ordering);
    // After the numbers NaN, then what is missing.
    return [sql`coalesce(${sql.ref(`order_${index}.is_nan`)}, 2)`, toDirection(value, ordering)];
  };

  return {
    /** One condition, in brackets where it needs them. */
    where: toCondition,
    /** Goes after the searched table, before `where`. */
    joins: (order: readonly Ordering[]): Sql => sql.join([sql``, ...order.map(toJoin)], sql` `),
    /** What follows `order by`: the order asked for, then `ties`. One of the two must not be empty. */
    orderBy: (order: readonly Ordering[], ties: readonly Sql[]): Sql =>
      sql.join([...order.flatMap(toOrder), ...ties]),
  };
};

const missing = sql`null`;

const operators = {
  '=': sql`=`,
  '!=': sql`!=`,
  '>': sql`>`,
  '>=': sql`>=`,
  '<': sql`<`,
  '<=': sql`<=`,
  IN: sql`in`,
  'NOT IN': sql`not in`,
} as const;

const nulls = { 'IS NULL': sql`is null`, 'IS NOT NULL': sql`is not null` } as const;

function join(conditions: readonly Sql[], word: Sql): Sql {
  return conditions.length === 0 ? sql`1 = 1` : sql`(${sql.join(conditions, word)})`;
}

function compare(kind: DatabaseKind, column: Sql, comparison: Comparison): Sql {
  if ('number' in comparison)
    return sql`${column} ${operators[comparison.operator]} ${toNumber(comparison.number)}`;
  if ('numbers' in comparison)
    return sql`${column} ${operators[comparison.operator]} (${sql.join(comparison.numbers.map(toNumber))})`;
  if ('texts' in comparison)
    return sql`${column} ${operators[comparison.operator]} (${sql.join(comparison.texts)})`;
  if (!('text' in comparison)) return sql`${column} ${nulls[comparison.operator]}`;
  const { operator, text } = comparison;
  if (operator === 'LIKE' || operator === 'ILIKE') return isLike[kind](column, operator, text);
  return sql`${column} ${operators[operator]} ${text}`;
}

/** Without the cast PostgreSQL reads `0.5` as the integer that its column holds. */
const toNumber = (value: number): Sql =>
  Number.isSafeInteger(value) ? sql`${value}` : sql`cast(${value} as double precision)`;

/** How much of a value stands in an index. */
const indexedLength = 100;

/** PostgreSQL's indexes do not take long texts, so they hold beginnings; a whole one that is shorter is the value. */
export function compareIndexed(kind: DatabaseKind, comparison: Comparison): Sql {
  const column = sql.ref('entry.value');
  const whole = compare(kind, column, comparison);
  const texts = listWanted(comparison);
  if (texts === undefined) return whole;
  const beginnings = texts.map((text) => Array.from(text).slice(0, indexedLength).join(''));
  const begins = sql`substr(${column}, 1, ${sql.lit(indexedLength)}) in (${sql.join(beginnings)})`;
  return texts.every((text) => text.length < indexedLength) ? begins : sql`(${begins} and ${whole})`;
}

/** The texts of which one must be the value. */
export function listWanted(comparison: Comparison): readonly string[] | undefined {
  if (comparison.operator === '=' && 'text' in comparison) return [comparison.text];
  return comparison.operator === 'IN' && 'texts' in comparison ? comparison.texts : undefined;
}

/** NaN is unequal to every number and neither above nor below one. */
function compareMetric(kind: DatabaseKind, comparison: Comparison): Sql {
  const compared = compare(kind, sql.ref('entry.value'), comparison);
  return comparison.operator === '!=' || comparison.operator === 'NOT IN'
    ? sql`(entry.is_nan = 1 or ${compared})`
    : sql`(entry.is_nan = 0 and ${compared})`;
}

const isLike = {
  /** SQLite's LIKE knows no case; its GLOB does, with other wildcards. */
  sqlite(column: Sql, operator: 'LIKE' | 'ILIKE', pattern: string): Sql {
    if (operator === 'ILIKE') return sql`lower(${column}) like lower(${pattern})`;
    const glob = pattern.replace(/[[*?]/g, '[$&]').replaceAll('%', '*').replaceAll('_', '?');
    return sql`${column} glob ${glob}`;
  },
  /** Without an escape character, as on SQLite. */
  postgres(column: Sql, operator: 'LIKE' | 'ILIKE', pattern: string): Sql {
    return operator === 'ILIKE'
      ? sql`lower(${column}) like lower(${pattern}) escape ''`
      : sql`${column} like ${pattern} escape ''`;
  },
} as const;

/** What is missing stands last in both directions. */
const lastIfMissing = (column: Sql, ordering: Ordering): Sql[] => [
  sql`case when ${column} is null then 1 else 0 end`,
  toDirection(column, ordering),
];

const toDirection = (column: Sql, { descending }: Ordering): Sql =>
  descending ? sql`${column} desc` : sql`${column}`;
