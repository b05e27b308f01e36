import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column, DatasetVersion } from '@tidemill/contract';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { errors } from '../../base/errors.ts';
import { quoteName, quoteText } from '../../base/sql-text.ts';
import type { Content, ContentFiles, StagedContent } from './content-files.ts';
import { isPlaceName } from './delta-chunks.ts';
import { assertColumns, splitNames } from './rules.ts';

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

/** @throws upsertKeyInvalid when there is an upsert without a key, or a key without an upsert */
export function keyOf({ mode, key }: { mode?: string | undefined; key?: string | undefined }): string[] {
  const names = splitNames(key ?? '');
  if (mode === 'upsert' && names.length === 0) throw errors.upsertKeyInvalid({ reason: 'no key is given' });
  if (mode !== 'upsert' && key !== undefined)
    throw errors.upsertKeyInvalid({ reason: `a key is given, but the mode is ${mode ?? 'replace'}` });
  return names;
}

export function createUpserts({ analytics, files }: UpsertDependencies) {
  async function assertUnique(
    table: string,
    paths: readonly string[],
    key: readonly string[],
  ): Promise<void> {
    const names = key.map(quoteName).join(', ');
    const { rows } = await analytics.query({
      sql: `select ${names}, count(*) as count_ from rows_ group by ${names} having count(*) > 1 order by ${names} limit 1`,
      tables: { rows_: { paths } },
    });
    const [found] = rows;
    if (!found) return;
    const values = key.map((name) => `${name}=${found[name] ?? 'null'}`).join(', ');
    throw errors.upsertKeyDuplicate({ table, key: values, count: Number(found.count_) });
  }

  /** The chunks before the first row that changes stay as they are, where each has a file of its own. */
  async function unchangedChunks(
    { manifest, stored }: Content,
    paths: readonly string[],
    upload: string,
    key: readonly string[],
  ): Promise<number> {
    if (hidePlaces(manifest.columns) || paths.length !== stored.length || stored.some(({ delta }) => delta))
      return 0;
    const { rows } = await analytics.query({
      sql: `select min(f)::double as first_ from (select file_index as f, ${keyColumns('b', key)} from ${fromFiles(paths)}) b
        join (select ${keyColumns('u', key)} from ${fromFiles([upload])}) u on ${pairs(key)}`,
    });
    const first = rows[0]?.first_;
    // The last chunk is cut anew at any rate: rows may come behind it.
    return Math.min(typeof first === 'number' ? first : stored.length, stored.length - 1);
  }

  return {
    /** The content that the version becomes, of all its rows; only chunks that change are stored. */
    async upsertTo(base: DatasetVersion, { path, label, key, folder }: Upsert): Promise<StagedContent> {
      assertColumns(base.reference, base.columns, key);
      await mkdir(folder, { recursive: true });
      const { columns } = base;
      const upload = join(folder, 'fitted.parquet');
      await analytics.exportFile({ table: { paths: [path], columns }, format: 'parquet', to: upload });
      await assertUnique(label, [upload], key);
      const before = await files.get(base.digest);
      const whole = await files.paths(before.stored);
      await assertUnique(base.reference, whole, key);
      const count = await unchangedChunks(before, whole, upload, key);
      const to = join(folder, 'upserted.parquet');
      const sql = mergedSql(columns, key, count === 0 ? whole : whole.slice(count), whole, upload);
      await analytics.copy({ sql, to });
      const kept = part(before, 0, count);
      const rest = part(before, count);
      return files.put({
        ...{ path: to, columns, folder, mayMove: true, before: rest },
        ...(count > 0 && { kept }),
      });
    },

    /** Rows that are the first of their dataset. */
    async first({ path, columns, label, key, folder }: Upsert): Promise<StagedContent> {
      assertColumns(label, columns, key);
      await assertUnique(label, [path], key);
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

const fromFiles = (paths: readonly string[]): string => `read_parquet([${paths.map(quoteText).join(', ')}])`;
const keyColumns = (side: string, key: readonly string[]): string =>
  key.map((name, i) => `${quoteName(name)} as ${side}k${i}`).join(', ');
/** A missing value is a value here, as in a diff. */
const pairs = (key: readonly string[]): string =>
  key.map((_, i) => `bk${i} is not distinct from uk${i}`).join(' and ');

/** Whether a column hides where its row lies. */
const hidePlaces = (columns: readonly Column[]): boolean => columns.some(({ name }) => isPlaceName(name));

/** Rows of `rest` in their order, those whose key `upload` has with its values; then its rows whose key is nowhere in `whole`. */
function mergedSql(
  columns: readonly Column[],
  key: readonly string[],
  rest: readonly string[],
  whole: readonly string[],
  upload: string,
): string {
  const named = (side: string) =>
    columns.map(({ name }, i) => `${quoteName(name)} as ${side}${i}`).join(', ');
  const place = hidePlaces(columns)
    ? '0 as f, row_number() over () as r'
    : 'file_index as f, file_row_number as r';
  const merged = columns.map((_, i) => `case when there then u${i} else b${i} end as v${i}`).join(', ');
  const added = columns.map((_, i) => `u${i}`).join(', ');
  const result = columns.map(({ name }, i) => `v${i} as ${quoteName(name)}`).join(', ');
  const uploaded = `(select row_number() over () as n, true as there, ${named('u')}, ${keyColumns('u', key)} from ${fromFiles([upload])})`;
  return `select ${result} from (
    select f, r, ${merged} from (select ${place}, ${named('b')}, ${keyColumns('b', key)} from ${fromFiles(rest)}) b
      left join ${uploaded} u on ${pairs(key)}
    union all
    select ${Number.MAX_SAFE_INTEGER} as f, n as r, ${added} from ${uploaded} u
      anti join (select ${keyColumns('b', key)} from ${fromFiles(whole)}) b on ${pairs(key)}
  ) order by f, r`;
}
