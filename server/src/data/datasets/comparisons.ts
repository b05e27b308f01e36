/** Two versions beside each other: what they share is found by their chunks, before a row is read. */
import type { Dataset, DatasetVersion } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { parseReference } from '../../base/references.ts';
import type { Content, ContentFiles } from './content-files.ts';
import { locatedTable } from './located-table.ts';
import { quickKeyHash } from './row-diff.ts';
import { assertColumns, type StoredChunk, splitNames } from './rules.ts';
import { compareColumns, type SchemaDiff } from './schema-diff.ts';
import { settingsStore } from './settings-store.ts';
import { assertUniqueKey, isRestUnique, isSurelyUnique } from './unique-key.ts';

export interface ComparisonDependencies {
  readonly db: Db;
  readonly analytics: Analytics;
  readonly files: ContentFiles;
  readonly getVersion: (name: string, version: string, workspace: string) => Promise<DatasetVersion>;
  readonly getDataset: (name: string, workspace: string) => Promise<Dataset>;
}

export interface DiffInput {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly key?: string | undefined;
}

export interface Side {
  readonly version: DatasetVersion;
  readonly content: Content;
  readonly whole: () => Promise<TableSource>;
  /** Rows that may differ, and the others. */
  readonly rest: TableSource;
  readonly shared: () => Promise<TableSource>;
}

export interface Comparison {
  readonly before: Side;
  readonly after: Side;
  readonly key: readonly string[];
  readonly schema: SchemaDiff;
}

export function createComparisons({ db, analytics, files, ...deps }: ComparisonDependencies) {
  async function sideVersion(name: string, version: string, workspace: string): Promise<DatasetVersion> {
    const reference = version.includes('@') ? parseReference(version) : { name, version };
    return deps.getVersion(reference.name, reference.version, workspace);
  }

  async function sideOf(version: DatasetVersion, content: Content, other: Content): Promise<Side> {
    const { rest, shared } = partition(content.stored, other.stored);
    const tableOf = (chunks: readonly StoredChunk[]) => locatedTable(files, version, chunks);
    return {
      version,
      content,
      whole: () => tableOf(content.stored),
      rest: await tableOf(rest),
      shared: () => tableOf(shared),
    };
  }

  async function compare(input: DiffInput, { workspace }: Caller): Promise<Comparison> {
    const from = await sideVersion(input.name, input.from, workspace);
    const to = await sideVersion(input.name, input.to, workspace);
    const key =
      input.key === undefined ? (await deps.getDataset(input.name, workspace)).key : splitNames(input.key);
    for (const { reference, columns } of [from, to]) assertColumns(reference, columns, key);
    const [old, fresh] = [await files.get(from.digest), await files.get(to.digest)];
    return {
      before: await sideOf(from, old, fresh),
      after: await sideOf(to, fresh, old),
      key,
      schema: compareColumns(from.columns, to.columns),
    };
  }

  /** Gives back whether the quick hash tells all keys apart. @throws datasetKeyDuplicate */
  async function assertUniqueKeys({ before, after, key, schema }: Comparison): Promise<boolean> {
    const keys = schema.common.filter(({ name }) => key.includes(name));
    const settings = settingsStore(db);
    // A value in another type may meet one it did not meet before: that is nothing to remember of the content.
    const isCast = keys.some(({ as }) => as !== '');
    const isKnown = (side: Side) => !isCast && settings.isKnownUnique(side.content.digest, key);
    const remember = (side: Side) => !isCast && settings.saveUnique(side.content.digest, key);
    let known: boolean = (await isKnown(before)) || (await isKnown(after));
    let isQuick = true;
    for (const side of [before, after]) {
      if (await isKnown(side)) continue;
      const tables = { rest: side.rest, shared: await side.shared() };
      const unique = known
        ? isRestUnique(analytics, tables, keys, quickKeyHash)
        : isSurelyUnique(analytics, await side.whole(), keys, quickKeyHash);
      if (await unique) await remember(side);
      else {
        isQuick = false;
        const table = { reference: side.version.reference, whole: await side.whole() };
        await assertUniqueKey(analytics, table, keys);
      }
      known = true;
    }
    return isQuick;
  }

  return { compare, assertUniqueKeys };
}

/** Chunks that the other content does not hold, each as often as it is more frequent here, and those it does hold. */
function partition(
  chunks: readonly StoredChunk[],
  others: readonly StoredChunk[],
): { rest: StoredChunk[]; shared: StoredChunk[] } {
  const spare = new Map<string, number>();
  for (const { id } of others) spare.set(id, (spare.get(id) ?? 0) + 1);
  const rest: StoredChunk[] = [];
  const shared: StoredChunk[] = [];
  for (const chunk of chunks) {
    const left = spare.get(chunk.id) ?? 0;
    spare.set(chunk.id, left - 1);
    (left > 0 ? shared : rest).push(chunk);
  }
  return { rest, shared };
}
