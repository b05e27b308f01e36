/** Rows that an endpoint was asked about, as a table beside the training set. */
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../base/ids.ts';
import { type Table, typeIn } from './tables.ts';

export type ServedRow = Readonly<Record<string, unknown>>;

const atOnce = 5000;

/** The file is gone when the work ends. */
export async function withServedRows<T>(
  tempFolder: string,
  reference: string,
  train: Table,
  features: readonly string[],
  rows: readonly ServedRow[],
  work: (table: Table) => Promise<T>,
): Promise<T> {
  const folder = join(tempFolder, newId('served'));
  await mkdir(folder, { recursive: true });
  try {
    const path = join(folder, 'rows.ndjson');
    const file = await open(path, 'w');
    try {
      for (let start = 0; start < rows.length; start += atOnce)
        await file.write(
          rows
            .slice(start, start + atOnce)
            .map((row) => `${JSON.stringify(row)}\n`)
            .join(''),
        );
    } finally {
      await file.close();
    }
    const columns = features.map((name) => ({ name, type: typeIn(train, name) }));
    return await work({
      reference,
      columns,
      rows: rows.length,
      source: { paths: [], lines: rows.length > 0 ? [path] : [], columns },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
