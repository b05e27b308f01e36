import type { Column } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import { type SubjectKey, subjectSql } from '../../base/subject.ts';
import type { Content, ContentFiles } from './content-files.ts';
import { locatedTable, locator } from './located-table.ts';
import { type StoredChunk, sourcesOf } from './rules.ts';

/** Chunks looked at in one query. */
const chunksAtOnce = 4_096;

/** How many rows of a subject each chunk has; each is read once, however many versions hold it. */
export function createSubjectRows(
  { analytics, files, blobs }: { analytics: Analytics; files: ContentFiles; blobs: Pick<Blobs, 'localPath'> },
  key: SubjectKey,
) {
  const counts = new Map<string, number>();

  async function look(chunks: readonly StoredChunk[], columns: readonly Column[], condition: string) {
    const table = await locatedTable(files, { columns: [...columns] }, chunks);
    const starts: number[] = [];
    let start = 0;
    for (const { rows } of chunks) {
      starts.push(start);
      start += rows;
    }
    const { rows } = await analytics.query({
      sql: `with starts as (select unnest([${starts.join(',')}]) as start_, unnest(range(${starts.length})) as chunk_),
        matches as (select "${locator}" as row_ from t where ${condition})
        select chunk_::integer as chunk, count(*)::integer as rows from matches asof join starts on row_ >= start_ group by chunk_`,
      tables: { t: table },
    });
    for (const { id } of chunks) counts.set(id, 0);
    for (const { chunk, rows: found } of rows) {
      const one = chunks[Number(chunk)];
      if (one) counts.set(one.id, Number(found));
    }
  }

  async function count(chunks: readonly StoredChunk[], columns: readonly Column[]): Promise<number[]> {
    const condition = subjectSql(columns, key);
    if (condition === null) return chunks.map(() => 0);
    const unknown = new Map(chunks.filter(({ id }) => !counts.has(id)).map((chunk) => [chunk.id, chunk]));
    const list = [...unknown.values()];
    for (let at = 0; at < list.length; at += chunksAtOnce)
      await look(list.slice(at, at + chunksAtOnce), columns, condition);
    return chunks.map(({ id }) => counts.get(id) ?? 0);
  }

  return {
    /** Of each chunk, in order. */
    count,

    async countAll({ stored, manifest }: Content): Promise<number> {
      return (await count(stored, manifest.columns)).reduce((sum, each) => sum + each, 0);
    },

    /** Of the files that the chunks lie in those that really hold rows of the subject. */
    async filesWith(chunks: readonly StoredChunk[], columns: readonly Column[]): Promise<string[]> {
      const condition = subjectSql(columns, key);
      const found: string[] = [];
      if (condition === null) return found;
      for (const { blob } of sourcesOf(chunks)) {
        const path = await blobs.localPath(blob);
        if (await holdsRows(analytics, { paths: [path] }, condition)) found.push(blob);
      }
      return found;
    },
  };
}

export type SubjectRows = ReturnType<typeof createSubjectRows>;

async function holdsRows(analytics: Analytics, table: TableSource, condition: string): Promise<boolean> {
  const { rows } = await analytics.query({
    sql: `select 1 as found from t where ${condition} limit 1`,
    tables: { t: table },
  });
  return rows.length > 0;
}

/** Whether a Parquet file, of whatever columns, holds rows of the subject; one that cannot be read may. */
export async function mayHoldSubject(analytics: Analytics, path: string, key: SubjectKey): Promise<boolean> {
  try {
    const { columns } = await analytics.describeFile(path);
    const condition = subjectSql(columns, key);
    return condition !== null && (await holdsRows(analytics, { paths: [path] }, condition));
  } catch {
    return true;
  }
}
