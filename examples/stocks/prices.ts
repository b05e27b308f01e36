import { createReadStream } from 'node:fs';
import type { Client, Download, Project } from '@tidemill/sdk';

export interface PriceRow {
  readonly symbol: string;
  /** 2023-08-31 */
  readonly date: string;
  readonly close: number;
  readonly [column: string]: unknown;
}

/** Reads the price file through Tidemill itself, with the project's mapping, into rows in order of date. */
export async function readPrices(client: Client, project: Project, file: string): Promise<PriceRow[]> {
  const dataset = project.datasets?.prices;
  const version = await client.datasets.commit({
    name: 'price-file',
    format: 'csv',
    content: createReadStream(file),
    message: `the file ${file.split('/').at(-1)} as it came`,
    ...(dataset?.mapping && {
      mapping: Object.entries(dataset.mapping)
        .map((pair) => pair.join('='))
        .join(','),
    }),
    ...dateFormatOf(dataset),
  });
  const rows = await readRows<PriceRow>(client, 'price-file', String(version.version));
  return rows
    .map((row) => ({ ...row, symbol: row.symbol ?? 'STOCK', date: String(row.date).slice(0, 10) }))
    .sort((a, b) => (a.date < b.date ? -1 : 1));
}

/** As the commit takes it: `%d.%m.%Y,day=%Y-%m-%d|%m/%d/%Y`. */
function dateFormatOf(dataset: NonNullable<Project['datasets']>[string] | undefined) {
  const columns = Object.entries(dataset?.dateFormats ?? {});
  const parts = [
    ...(dataset?.dateFormat ? [dataset.dateFormat] : []),
    ...columns.map(([column, formats]) => `${column}=${[formats].flat().join('|')}`),
  ];
  return parts.length > 0 ? { dateFormat: parts.join(',') } : {};
}

export async function readRows<T>(client: Client, name: string, version: string): Promise<T[]> {
  const content = await readAll(await client.datasets.read({ name, version, format: 'json' }));
  return JSON.parse(content.toString('utf8')) as T[];
}

export async function readAll({ content }: Download): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}

/** Rows as newline-delimited JSON, the form a program commits. */
export const toLines = (rows: readonly PriceRow[]): Uint8Array =>
  Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

export const upTo = (rows: readonly PriceRow[], day: string): PriceRow[] =>
  rows.filter((row) => row.date <= day);

/** Midnight UTC of a day, in milliseconds. */
export const toTime = (day: string): number => Date.parse(`${day}T00:00:00Z`);
