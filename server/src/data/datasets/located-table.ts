import type { DatasetVersion } from '@tidemill/contract';
import type { TableSource } from '../../adapters/analytics/analytics.ts';
import type { ContentFiles } from './content-files.ts';
import type { StoredChunk } from './rules.ts';

/** The column with a row's number: see `TableSource.locator`. */
export const locator = '__tidemill_row';

/** With the number of each row among them, however they lie in files. */
export async function locatedTable(
  files: ContentFiles,
  { columns }: Pick<DatasetVersion, 'columns'>,
  chunks: readonly StoredChunk[],
): Promise<TableSource> {
  const found = await files.files(chunks);
  const starts: number[] = [];
  let start = 0;
  for (const { rows } of found) {
    starts.push(start);
    start += rows;
  }
  const located = { paths: found.map(({ path }) => path), locator: { name: locator, starts, columns } };
  // Without rows there are no files; the columns then give it a shape.
  return found.length > 0 ? located : { ...located, columns };
}
