/** The table that is judged: a dataset version, or what a user's select over versions gives. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column, DatasetVersion } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../../adapters/analytics/analytics.ts';
import { errors } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import { createBinder, type Datasets } from '../../../data/datasets/service.ts';

export interface JudgedTable {
  /** What messages call it: `scored@3`. */
  readonly reference: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly source: TableSource;
  readonly sql: string | null;
  /** What it was read from. */
  readonly versions: readonly Pick<DatasetVersion, 'reference' | 'uri'>[];
}

export interface TableDependencies {
  readonly analytics: Analytics;
  readonly datasets: Pick<Datasets, 'resolve' | 'source'>;
  readonly tempFolder: string;
}

export interface TableRequest {
  readonly dataset?: string | undefined;
  readonly sql?: string | undefined;
  readonly bindings?: Readonly<Record<string, string>> | undefined;
}

/** Work on the table; what a select gave is kept in a file until the work ends. @throws evaluationRequestInvalid */
export async function withTable<T>(
  deps: TableDependencies,
  request: TableRequest,
  workspace: string,
  signal: AbortSignal,
  work: (table: JudgedTable) => Promise<T>,
): Promise<T> {
  const { dataset, sql } = request;
  if ((dataset === undefined) === (sql === undefined))
    throw errors.evaluationRequestInvalid({
      reason: dataset === undefined ? 'it names no table' : 'it names two tables',
      remedy: "Name one 'dataset' (scored@3) or one 'sql' (select … from scored)",
    });
  if (sql !== undefined) return withSelect(deps, { ...request, sql }, workspace, signal, work);
  const version = await deps.datasets.resolve(dataset ?? '', workspace);
  const { reference, columns, rows } = version;
  const source = await deps.datasets.source(version);
  return work({ reference, columns, rows, source, sql: null, versions: [version] });
}

async function withSelect<T>(
  deps: TableDependencies,
  { sql, bindings }: TableRequest & { readonly sql: string },
  workspace: string,
  signal: AbortSignal,
  work: (table: JudgedTable) => Promise<T>,
): Promise<T> {
  const binder = createBinder(deps, workspace, bindings);
  const text = sql.trim().replace(/[;\s]+$/, '');
  const bound = await binder.bind('the evaluation', text);
  binder.resolved();
  const folder = join(deps.tempFolder, newId('evaluation'));
  await mkdir(folder, { recursive: true });
  try {
    const to = join(folder, 'rows.parquet');
    const { columns, rows } = await deps.analytics.sandboxedCopy({
      sql: bound.sql,
      tables: bound.tables,
      to,
      signal,
    });
    const versions = [...new Map(bound.versions.map((version) => [version.uri, version])).values()];
    return await work({
      reference: versions.map(({ reference }) => reference).join(', ') || 'the select',
      columns,
      rows,
      source: { paths: [to] },
      sql: text,
      versions,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
