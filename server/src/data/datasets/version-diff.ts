import type { Column, DatasetDiff, DatasetVersion, Row } from '@tidemill/contract';
import type { Analytics, Cell, TableSource } from '../../adapters/analytics/analytics.ts';
import { errors } from '../../base/errors.ts';
import { quoteName } from '../../base/sql-text.ts';
import type { Content } from './content-files.ts';
import type { StoredChunk } from './rules.ts';

export interface Side {
  readonly version: DatasetVersion;
  /** All rows: keys must be unique among them. */
  readonly whole: TableSource;
  /** Rows that may differ. */
  readonly rest: TableSource;
}

/** Chunks of `from` that `to` does not hold, and the other way round, each as often as it is more frequent. */
export function differingChunks(from: Content, to: Content): { from: StoredChunk[]; to: StoredChunk[] } {
  return { from: without(from.stored, to.stored), to: without(to.stored, from.stored) };
}

function without(chunks: readonly StoredChunk[], others: readonly StoredChunk[]): StoredChunk[] {
  const spare = new Map<string, number>();
  for (const { id } of others) spare.set(id, (spare.get(id) ?? 0) + 1);
  return chunks.filter(({ id }) => {
    const left = spare.get(id) ?? 0;
    spare.set(id, left - 1);
    return left <= 0;
  });
}

type Cells = Readonly<Record<string, Cell>>;

/** How many rows differ, and some of them. `key` empty: rows are compared as wholes, each as often as it stands. */
export async function diffVersions(
  analytics: Analytics,
  before: Side,
  after: Side,
  key: readonly string[],
  limit: number,
): Promise<DatasetDiff> {
  const schema = compareColumns(before.version.columns, after.version.columns);
  const tables = { before_: before.rest, after_: after.rest };
  const rows =
    key.length > 0
      ? await diffByKey(analytics, before, after, key, limit)
      : await diffWholeRows(analytics, tables, schema.common, limit);
  const { common: _, ...columns } = schema;
  return {
    from: before.version.reference,
    to: after.version.reference,
    key: [...key],
    rowsBefore: before.version.rows,
    rowsAfter: after.version.rows,
    ...columns,
    ...rows,
  };
}

interface Common {
  readonly name: string;
  /** Both sides as one type, so that equal values are equal. */
  readonly as: string;
}

function compareColumns(before: readonly Column[], after: readonly Column[]) {
  const afterTypes = new Map(after.map(({ name, type }) => [name, type]));
  const beforeNames = new Set(before.map(({ name }) => name));
  const shared = before.flatMap(({ name, type }) => {
    const other = afterTypes.get(name);
    return other ? [{ name, before: type, after: other }] : [];
  });
  return {
    columnsAdded: after.filter(({ name }) => !beforeNames.has(name)).map(({ name }) => name),
    columnsRemoved: before.filter(({ name }) => !afterTypes.has(name)).map(({ name }) => name),
    columnsRetyped: shared.filter((column) => column.before !== column.after),
    common: shared.map((column): Common => ({ name: column.name, as: commonType(column) })),
  };
}

const numbers = ['integer', 'double'];

function commonType({ before, after }: { before: Column['type']; after: Column['type'] }): string {
  if (before === after) return '';
  return numbers.includes(before) && numbers.includes(after) ? 'double' : 'varchar';
}

const sideValue = (side: string, { name, as }: Common): string => {
  const value = `${side}.${quoteName(name)}`;
  return as === '' ? value : `cast(${value} as ${as})`;
};

async function diffByKey(
  analytics: Analytics,
  before: Side,
  after: Side,
  key: readonly string[],
  limit: number,
): Promise<Pick<DatasetDiff, 'added' | 'removed' | 'changed' | 'sample'>> {
  for (const side of [before, after]) await assertUniqueKey(analytics, side, key);
  const { common } = compareColumns(before.version.columns, after.version.columns);
  const isKey = (column: Common): boolean => key.includes(column.name);
  const on = common
    .filter(isKey)
    .map((c) => `${sideValue('b', c)} is not distinct from ${sideValue('a', c)}`);
  const changes = common
    .filter((column) => !isKey(column))
    .map((c) => `${sideValue('b', c)} is distinct from ${sideValue('a', c)}`);
  const joined = `from (select *, true as there_ from before_) b full join (select *, true as there_ from after_) a on ${on.join(' and ')}`;
  const kinds = {
    added: 'b.there_ is null',
    removed: 'a.there_ is null',
    changed: `b.there_ and a.there_ and (${changes.join(' or ') || 'false'})`,
  };
  const tables = { before_: before.rest, after_: after.rest };
  const counts = Object.entries(kinds).map(([name, where]) => `count(*) filter (where ${where}) as ${name}`);
  const { rows } = await analytics.query({ sql: `select ${counts.join(', ')} ${joined}`, tables });
  const beforeColumns = before.version.columns.map(({ name }, i) => `b.${quoteName(name)} as b${i}`);
  const afterColumns = after.version.columns.map(({ name }, i) => `a.${quoteName(name)} as a${i}`);
  const order = key.flatMap((name) => [`a.${quoteName(name)}`, `b.${quoteName(name)}`]).join(', ');
  const sample = async (where: string) => {
    const sql = `select ${[...beforeColumns, ...afterColumns].join(', ')} ${joined} where ${where} order by ${order} limit ${limit}`;
    const reply = await analytics.query({ sql, tables });
    return reply.rows.map((row) => ({
      before: unnumbered(row, 'b', before.version.columns),
      after: unnumbered(row, 'a', after.version.columns),
    }));
  };
  return {
    added: Number(rows[0]?.added ?? 0),
    removed: Number(rows[0]?.removed ?? 0),
    changed: Number(rows[0]?.changed ?? 0),
    sample: {
      added: (await sample(kinds.added)).map((pair) => pair.after),
      removed: (await sample(kinds.removed)).map((pair) => pair.before),
      changed: (await sample(kinds.changed)).map((pair) => ({ key: only(pair.after, key), ...pair })),
    },
  };
}

const unnumbered = (row: Cells, side: 'a' | 'b', columns: readonly Column[]): Row =>
  Object.fromEntries(columns.map(({ name }, i) => [name, row[`${side}${i}`] ?? null]));

const only = (row: Row, names: readonly string[]): Row =>
  Object.fromEntries(names.map((name) => [name, row[name] ?? null]));

async function assertUniqueKey(
  analytics: Analytics,
  { version, whole }: Side,
  key: readonly string[],
): Promise<void> {
  const names = key.map(quoteName).join(', ');
  const { rows } = await analytics.query({
    sql: `select ${names}, count(*) as count_ from whole_ group by ${names} having count(*) > 1 order by ${names} limit 1`,
    tables: { whole_: whole },
  });
  const [found] = rows;
  if (!found) return;
  const values = key.map((name) => `${name}=${found[name] ?? 'null'}`).join(', ');
  throw errors.datasetKeyDuplicate({
    reference: version.reference,
    key: values,
    count: Number(found.count_),
  });
}

async function diffWholeRows(
  analytics: Analytics,
  tables: Readonly<Record<string, TableSource>>,
  common: readonly Common[],
  limit: number,
): Promise<Pick<DatasetDiff, 'added' | 'removed' | 'changed' | 'sample'>> {
  const select = (table: string) =>
    `select ${common.map((c) => `${sideValue('t', c)} as ${quoteName(c.name)}`).join(', ')} from ${table} t`;
  const extra = async (table: string, other: string) => {
    if (common.length === 0) return { count: 0, rows: [] };
    const rows = `(${select(table)} except all ${select(other)})`;
    const counted = await analytics.query({ sql: `select count(*) as n from ${rows}`, tables });
    const order = common.map(({ name }) => quoteName(name)).join(', ');
    const sample = await analytics.query({
      sql: `select * from ${rows} order by ${order} limit ${limit}`,
      tables,
    });
    return { count: Number(counted.rows[0]?.n ?? 0), rows: sample.rows.map((row) => ({ ...row })) };
  };
  const added = await extra('after_', 'before_');
  const removed = await extra('before_', 'after_');
  const sample = { added: added.rows, removed: removed.rows, changed: [] };
  return { added: added.count, removed: removed.count, changed: 0, sample };
}
