import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetVersion, SourceSample, SourceSecrets } from '@tidemill/contract';
import type { Secrets } from '../../access/secrets/service.ts';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Fetched, SourceReader } from '../../adapters/sources/sources.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { parseDateFormat, parseMapping } from '../datasets/service.ts';
import { compareColumns, masked, type StoredSource, secretAddress } from './rules.ts';
import { type Cursor, createTypedTables, type TypedTable } from './typed-table.ts';

export interface ContentsDependencies {
  readonly secrets: Secrets;
  readonly analytics: Analytics;
  readonly reader: SourceReader;
  /** For what is fetched and not yet a version. */
  readonly tempFolder: string;
}

interface BuildRequest {
  readonly source: StoredSource;
  readonly folder: string;
  readonly signal: AbortSignal;
}

const sampleTimeoutMs = 60_000;
const sampleRows = 20;

/** What a source gives, as a typed table. The secrets are known only in here, and no failure says one. */
export function createContents({ secrets: kept, analytics, reader, tempFolder }: ContentsDependencies) {
  const tables = createTypedTables(analytics);

  async function fetch(
    source: StoredSource,
    secrets: SourceSecrets,
    request: Omit<Parameters<SourceReader['fetch']>[0], 'from' | 'secrets' | 'format'>,
  ): Promise<Fetched> {
    try {
      return await reader.fetch({ ...request, from: source.from, secrets, format: source.format });
    } catch (error) {
      if (!(error instanceof TidemillError)) throw new Error(masked(String(error), secrets));
      const { code, status } = error;
      const details = JSON.parse(masked(JSON.stringify(error.details), secrets)) as typeof error.details;
      throw new TidemillError({ code, status, details, message: masked(error.message, secrets) });
    }
  }

  async function build(
    { source, folder, signal }: BuildRequest,
    fetched: Extract<Fetched, { unchanged: false }>,
    latest: DatasetVersion | null,
    cursor: Cursor | null,
  ): Promise<TypedTable> {
    return tables.build({
      ...{ fetched, cursor, folder, signal },
      location: source.location,
      mapping: source.mapping === null ? null : parseMapping(source.mapping),
      dates: source.dateFormat === null ? {} : parseDateFormat(source.dateFormat),
      base: latest?.columns ?? null,
    });
  }

  async function secretsOf(source: StoredSource): Promise<SourceSecrets> {
    if (source.secrets.length === 0) return {};
    const text = await kept.find(secretAddress(source));
    return text === null ? {} : (JSON.parse(text) as SourceSecrets);
  }

  async function inFolder<T>(task: (folder: string) => Promise<T>): Promise<T> {
    const folder = join(tempFolder, newId('pull'));
    await mkdir(folder, { recursive: true });
    try {
      return await task(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  return {
    fetch,
    build,
    join: tables.join,
    secretsOf,
    inFolder,

    /** Reads the beginning of what a source would give; nothing is kept. */
    async sample(
      source: StoredSource,
      secrets: SourceSecrets,
      latest: DatasetVersion | null,
    ): Promise<SourceSample> {
      return inFolder(async (folder) => {
        const signal = AbortSignal.timeout(sampleTimeoutMs);
        const cursor = source.cursor && { column: source.cursor.column, after: null, reached: null };
        const request = { folder, signal, cursor, validator: null, sample: true };
        const fetched = await fetch(source, secrets, request).catch((error: unknown) => {
          if (!signal.aborted) throw error;
          const reason = `what a test needs of it was not read within ${sampleTimeoutMs / 1000} s`;
          throw errors.sourceUnreachable({ location: source.location, reason });
        });
        if (fetched.unchanged) throw new Error('a source without a validator said that it is unchanged');
        const table = await build({ source, folder, signal }, fetched, latest, cursor);
        const { rows } = await analytics.query({
          sql: `select * from fresh limit ${sampleRows}`,
          tables: { fresh: { paths: [table.path] } },
        });
        const columns = [...table.columns];
        const files = fetched.files.map(({ label }) => label);
        const change = latest && compareColumns(latest.reference, latest.columns, columns);
        return {
          location: source.location,
          files,
          columns,
          rows: [...rows],
          isWhole: fetched.isWhole,
          change,
          warnings: [...table.warnings],
        };
      });
    },
  };
}

export type Contents = ReturnType<typeof createContents>;
