/** The verbs of comparing versions: computed once per pair and key, then paged, described and exported from what is kept. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ColumnChange, DatasetDiff, DiffRow, Download, Page, TableFormat } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { type FileCache, openFileCache } from '../../base/file-cache.ts';
import { newId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isNumber, toPage } from '../../base/page.ts';
import { describeColumnChanges } from './column-changes.ts';
import {
  type Comparison,
  type ComparisonDependencies,
  createComparisons,
  type DiffInput,
  type Side,
} from './comparisons.ts';
import { mediaTypes } from './content-format.ts';
import { joinedDifferences, readDifferences } from './differing-rows.ts';
import {
  type ChangeCounts,
  type ChangeKind,
  changeKinds,
  countDifferences,
  findDifferences,
  quickKeyHash,
  slowKeyHash,
} from './row-diff.ts';
import type { CommonColumn } from './schema-diff.ts';

export interface DifferencesDependencies extends ComparisonDependencies {
  readonly tempFolder: string;
  /** For what was found between versions; its own. */
  readonly diffFolder: string;
}

/** Of the form of what is kept: a newer program computes anew. */
const revision = 1;
const cacheLimits = { maxBytes: 2_000_000_000, maxFiles: 1_000 };
const sampleSize = 20;

export function createDifferences(deps: DifferencesDependencies) {
  const { analytics, tempFolder } = deps;
  let opened: Promise<FileCache> | undefined;
  const cache = (): Promise<FileCache> =>
    (opened ??= openFileCache({ folder: deps.diffFolder, ...cacheLimits }));
  const { compare, assertUniqueKeys } = createComparisons(deps);

  async function computeIndex(comparison: Comparison, to: string): Promise<void> {
    const { before, after, key, schema } = comparison;
    const isQuick = key.length === 0 || (await assertUniqueKeys(comparison));
    const keyHash = isQuick ? quickKeyHash : slowKeyHash;
    const { common } = schema;
    await findDifferences(analytics, { before: before.rest, after: after.rest, common, key, keyHash, to });
  }

  /** A file made once for all who ask for it, which stays while it is read. */
  async function withKept<T>(
    what: string,
    { before, after, key }: Comparison,
    make: (to: string) => Promise<void>,
    read: (path: string) => Promise<T>,
  ): Promise<T> {
    const file = await (await cache()).take(
      idFor(what, before.content.digest, after.content.digest, key),
      make,
    );
    return read(file.path).finally(() => file.release());
  }

  const withIndex = <T>(
    comparison: Comparison,
    read: (index: string, counts: ChangeCounts) => Promise<T>,
  ): Promise<T> =>
    withKept(
      'rows',
      comparison,
      (to) => computeIndex(comparison, to),
      async (index) => read(index, await countDifferences(analytics, index)),
    );

  const rowsOf = (comparison: Comparison, index: string, kind: ChangeKind, start: number, limit: number) =>
    readDifferences(analytics, {
      index,
      kind,
      start,
      limit,
      key: comparison.key,
      before: { columns: comparison.before.version.columns, rest: comparison.before.rest },
      after: { columns: comparison.after.version.columns, rest: comparison.after.rest },
    });

  async function columnChanges(comparison: Comparison): Promise<ColumnChange[]> {
    const { before, after, key, schema } = comparison;
    const side = async ({ version, whole }: Side) => ({ table: await whole(), rows: version.rows });
    const compute = (to: string) =>
      withIndex(comparison, async (index, counts) => {
        const sampleFile = `${to}.sample`;
        const columns = await describeColumnChanges(analytics, {
          common: schema.common,
          key,
          index,
          restBefore: before.rest,
          restAfter: after.rest,
          changedRows: counts.changed,
          before: await side(before),
          after: await side(after),
          sampleFile,
        }).finally(() => rm(sampleFile, { force: true }));
        await writeFile(to, JSON.stringify(columns));
      });
    return withKept('columns', comparison, compute, async (path) => {
      return JSON.parse(await readFile(path, 'utf8')) as ColumnChange[];
    });
  }

  async function* exported(comparison: Comparison, kind: ChangeKind | undefined, format: TableFormat) {
    await mkdir(tempFolder, { recursive: true });
    const parquet = join(tempFolder, `${newId('diff')}.parquet`);
    const to = format === 'parquet' ? parquet : `${parquet}.${format}`;
    const { before, after, key } = comparison;
    try {
      await withIndex(comparison, (index) =>
        analytics.copy({
          sql: joinedDifferences(before.version.columns, after.version.columns, key, kind),
          tables: {
            found: { paths: [index] },
            before_: before.rest,
            after_: after.rest,
          },
          to: parquet,
        }),
      );
      if (to !== parquet) await analytics.exportFile({ table: { paths: [parquet] }, format, to });
      yield* createReadStream(to) as AsyncIterable<Uint8Array>;
    } finally {
      await Promise.all([rm(parquet, { force: true }), rm(to, { force: true })]);
    }
  }

  return {
    clearDifferences: async (): Promise<void> => (await cache()).clear(async () => true),

    async diff(input: DiffInput & { limit?: number | undefined }, caller: Caller): Promise<DatasetDiff> {
      const comparison = await compare(input, caller);
      const { before, after, key, schema } = comparison;
      const { common: _, ...columns } = schema;
      const limit = input.limit ?? sampleSize;
      return withIndex(comparison, async (index, counts) => {
        const sample = async (kind: ChangeKind): Promise<DiffRow[]> =>
          counts[kind] > 0 && limit > 0
            ? rowsOf(comparison, index, kind, startOf(kind, counts), Math.min(limit, counts[kind]))
            : [];
        return {
          from: before.version.reference,
          to: after.version.reference,
          key: [...key],
          rowsBefore: before.version.rows,
          rowsAfter: after.version.rows,
          ...columns,
          ...counts,
          sample: {
            added: (await sample('added')).map((row) => row.after ?? {}),
            removed: (await sample('removed')).map((row) => row.before ?? {}),
            changed: (await sample('changed')).map((row) => ({
              key: row.key,
              before: row.before ?? {},
              after: row.after ?? {},
            })),
          },
        };
      });
    },

    async diffRows(
      input: DiffInput & { kind: ChangeKind; cursor?: string | undefined; limit?: number | undefined },
      caller: Caller,
    ): Promise<Page<DiffRow>> {
      const limit = input.limit ?? defaultPageSize;
      const skip = input.cursor ? decodeCursor(input.cursor, isNumber) : 0;
      const comparison = await compare(input, caller);
      return withIndex(comparison, async (index, counts) => {
        const start = startOf(input.kind, counts) + skip;
        const found = await rowsOf(comparison, index, input.kind, start, limit + 1);
        return toPage(found, limit, () => skip + limit);
      });
    },

    async diffColumns(input: DiffInput, caller: Caller) {
      const comparison = await compare(input, caller);
      const { before, after, schema } = comparison;
      const isEqual = before.content.digest === after.content.digest;
      return {
        from: before.version.reference,
        to: after.version.reference,
        columns: isEqual ? schema.common.map(untouched) : await columnChanges(comparison),
      };
    },

    async exportDiff(
      input: DiffInput & { kind?: ChangeKind | undefined; format?: TableFormat | undefined },
      caller: Caller,
    ): Promise<Download> {
      const format = input.format ?? 'parquet';
      const comparison = await compare(input, caller);
      const { before, after } = comparison;
      return {
        content: exported(comparison, input.kind, format),
        mediaType: mediaTypes[format],
        fileName: `${after.version.dataset}-${before.version.version}-${after.version.version}.${format}`,
      };
    },
  };
}

const untouched = ({ name, after }: CommonColumn): ColumnChange => ({
  column: name,
  type: after,
  changedRows: 0,
  distribution: null,
});

const idFor = (what: string, before: string, after: string, key: readonly string[]): string =>
  createHash('sha256')
    .update(JSON.stringify([revision, what, before, after, key]))
    .digest('hex');

/** Where the rows of a kind begin in the index. */
function startOf(kind: ChangeKind, counts: ChangeCounts): number {
  const before = changeKinds.slice(0, changeKinds.indexOf(kind));
  return before.reduce((sum, each) => sum + counts[each], 0);
}
