import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column, DatasetVersion } from '@tidemill/contract';
import type { Analytics, RowFile, TableSource } from '../../adapters/analytics/analytics.ts';
import { errors } from '../../base/errors.ts';
import { quoteName } from '../../base/sql-text.ts';
import type { Content, ContentFiles, StagedContent } from './content-files.ts';
import { assertColumns, type StoredChunk, splitNames } from './rules.ts';

export interface UpsertDependencies {
  readonly analytics: Analytics;
  readonly files: ContentFiles;
}

/** Rows by key: in place where the key is there, behind all others where it is new. */
export interface Upsert {
  /** Of the columns of `base`, if there is one, in any order. */
  readonly path: string;
  readonly columns: readonly Column[];
  /** What messages call the rows. */
  readonly label: string;
  readonly key: readonly string[];
  readonly folder: string;
}

/**
 * @param remembered the key that the dataset is known by
 * @throws upsertKeyInvalid when there is an upsert without a key, or a key without an upsert
 */
export function keyOf(
  { mode, key }: { mode?: string | undefined; key?: string | undefined },
  remembered: readonly string[],
): readonly string[] {
  if (mode !== 'upsert' && key !== undefined)
    throw errors.upsertKeyInvalid({ reason: `a key is given, but the mode is ${mode ?? 'replace'}` });
  const names = key === undefined ? remembered : splitNames(key);
  if (mode === 'upsert' && names.length === 0)
    throw errors.upsertKeyInvalid({ reason: 'no key is given, and the dataset has none' });
  return names;
}

export function createUpserts({ analytics, files }: UpsertDependencies) {
  async function assertUnique(name: string, table: TableSource, key: readonly string[]): Promise<void> {
    const names = key.map(quoteName).join(', ');
    const { rows } = await analytics.query({
      sql: `select ${names}, count(*) as count_ from rows_ group by ${names} having count(*) > 1 order by ${names} limit 1`,
      tables: { rows_: table },
    });
    const [found] = rows;
    if (!found) return;
    const values = key.map((column) => `${column}=${found[column] ?? 'null'}`).join(', ');
    throw errors.upsertKeyDuplicate({ table: name, key: values, count: Number(found.count_) });
  }

  /** The chunks before the first row that changes stay as they are. */
  async function unchangedChunks(
    chunks: readonly StoredChunk[],
    tables: { before: TableSource; upload: TableSource },
    key: readonly string[],
  ): Promise<number> {
    const { rows } = await analytics.query({
      sql: `select min(r)::double as first_ from (select ${place(tables.before)} as r, ${keyColumns('b', key)} from before)
        join (select ${keyColumns('u', key)} from upload) on ${pairs(key)}`,
      tables,
    });
    const first = rows[0]?.first_ ?? Number.POSITIVE_INFINITY;
    // The last chunk is cut anew at any rate: rows may come behind it.
    let count = 0;
    for (let end = chunks[0]?.rows ?? 0; end <= Number(first) && count < chunks.length - 1; count += 1)
      end += chunks[count + 1]?.rows ?? 0;
    return count;
  }

  return {
    /** The content that the version becomes, of all its rows; only chunks that change are stored. */
    async upsertTo(base: DatasetVersion, { path, label, key, folder }: Upsert): Promise<StagedContent> {
      const { columns } = base;
      assertColumns(base.reference, columns, key);
      await mkdir(folder, { recursive: true });
      const fitted = join(folder, 'fitted.parquet');
      await analytics.exportFile({ table: { paths: [path], columns }, format: 'parquet', to: fitted });
      const upload = located([{ path: fitted, start: 0 }], columns);
      await assertUnique(label, upload, key);
      const content = await files.get(base.digest);
      const all = withStarts(await files.files(content.stored));
      const before = located(all, columns);
      await assertUnique(base.reference, before, key);
      const count = await unchangedChunks(content.stored, { before, upload }, key);
      const from = content.stored.slice(0, count).reduce((sum, { rows }) => sum + rows, 0);
      const rest = located(
        all.filter(({ start, rows }) => start + rows > from),
        columns,
      );
      const to = join(folder, 'upserted.parquet');
      const sql = mergedSql(columns, key, place(before), from);
      await analytics.copy({ sql, tables: { before, rest, upload }, to });
      return files.put({
        ...{ path: to, columns, folder, mayMove: true, before: part(content, count) },
        ...(count > 0 && { kept: part(content, 0, count) }),
      });
    },

    /** Rows that are the first of their dataset. */
    async first({ path, columns, label, key, folder }: Upsert): Promise<StagedContent> {
      assertColumns(label, columns, key);
      await assertUnique(label, { paths: [path] }, key);
      return files.put({ path, columns, folder, mayMove: false });
    },
  };
}

function part(content: Content, from: number, to?: number): Content {
  const { manifest, stored } = content;
  return {
    ...content,
    manifest: { ...manifest, chunks: manifest.chunks.slice(from, to) },
    stored: stored.slice(from, to),
  };
}

const keyColumns = (side: string, key: readonly string[]): string =>
  key.map((name, i) => `${quoteName(name)} as ${side}k${i}`).join(', ');
/** A missing value is a value here, as in a diff. */
const pairs = (key: readonly string[]): string =>
  key.map((_, i) => `bk${i} is not distinct from uk${i}`).join(' and ');

function withStarts(files: readonly RowFile[]): (RowFile & { start: number })[] {
  let start = 0;
  return files.map((file) => {
    const located = { ...file, start };
    start += file.rows;
    return located;
  });
}

/** With a column that holds the number of each row, under a name that no other column has. */
function located(files: readonly { path: string; start: number }[], columns: readonly Column[]): TableSource {
  let name = 'row_';
  while (columns.some((column) => column.name.toLowerCase() === name)) name += '_';
  const starts = files.map(({ start }) => start);
  return { paths: files.map(({ path }) => path), columns, locator: { name, starts, columns } };
}

const place = ({ locator }: TableSource): string => quoteName(locator?.name ?? '');

/** Rows of `rest` from a row on, those whose key `upload` has with its values; then its rows whose key is nowhere in `before`. */
function mergedSql(columns: readonly Column[], key: readonly string[], at: string, from: number): string {
  const named = (side: string) =>
    columns.map(({ name }, i) => `${quoteName(name)} as ${side}${i}`).join(', ');
  const merged = columns.map((_, i) => `case when there then u${i} else b${i} end as v${i}`).join(', ');
  const added = columns.map((_, i) => `u${i}`).join(', ');
  const result = columns.map(({ name }, i) => `v${i} as ${quoteName(name)}`).join(', ');
  const uploaded = `(select ${at} as n, true as there, ${named('u')}, ${keyColumns('u', key)} from upload)`;
  return `select ${result} from (
    select false as behind, r, ${merged}
      from (select ${at} as r, ${named('b')}, ${keyColumns('b', key)} from rest where ${at} >= ${from}) b
      left join ${uploaded} u on ${pairs(key)}
    union all
    select true as behind, n as r, ${added} from ${uploaded} u
      anti join (select ${keyColumns('b', key)} from before) b on ${pairs(key)}
  ) order by behind, r`;
}
