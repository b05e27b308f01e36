import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column, Content, TableFormat } from '@tidemill/contract';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { errors } from '../../base/errors.ts';
import { parseDateFormat, parseMapping } from '../datasets/service.ts';

export interface FileToCheck {
  readonly name: string;
  readonly format: TableFormat;
  readonly mapping?: string | undefined;
  readonly dateFormat?: string | undefined;
  readonly content: Content;
}

/** The file with the types a commit would give it; `folder` is the caller's to remove. */
export async function typeFile(
  analytics: Pick<Analytics, 'importFile'>,
  { name, format, mapping, dateFormat, content }: FileToCheck,
  folder: string,
): Promise<{ path: string; columns: readonly Column[]; rows: number }> {
  await mkdir(folder, { recursive: true });
  const upload = join(folder, `upload.${format}`);
  const label = `${name}.${format}`;
  await writeFile(upload, content);
  if ((await stat(upload)).size === 0)
    throw errors.datasetFileEmpty({ file: label, reason: 'is empty (0 bytes)' });
  const path = join(folder, 'typed.parquet');
  const { columns, rows } = await analytics.importFile({
    path: upload,
    label,
    format,
    to: path,
    ...(mapping && { mapping: parseMapping(mapping) }),
    ...(dateFormat && parseDateFormat(dateFormat)),
  });
  return { path, columns, rows };
}
