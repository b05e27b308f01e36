import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetVersion, Rederivation } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { quoteName } from '../../base/sql-text.ts';
import type { Commits } from './commits.ts';
import type { Lookup } from './lookup.ts';
import { manifestDigest } from './rules.ts';
import { type Bindings, type BoundSql, createBinder } from './sql-bindings.ts';
import type { Committed } from './version-records.ts';

export interface DeriveInput {
  readonly name: string;
  readonly sql: string;
  /** Versions of names that the SQL leaves open: `{ prices: '3' }`. The latest where none is said. */
  readonly inputs?: Bindings | undefined;
  readonly message?: string | undefined;
  readonly tag?: string | undefined;
}

export interface DeriveDependencies {
  readonly analytics: Analytics;
  readonly lookup: Lookup;
  readonly commits: Commits;
  readonly tempFolder: string;
}

interface Recorded {
  readonly sql: string;
  readonly inputs: Bindings;
}

/** Versions that one select over other versions gives: what it read is recorded, so it can be run again. */
export function createDerivations({ analytics, lookup, commits, tempFolder }: DeriveDependencies) {
  async function bind(
    name: string,
    { sql, inputs }: { sql: string; inputs?: Bindings | undefined },
    workspace: string,
  ): Promise<{ bound: BoundSql; resolved: Record<string, string> }> {
    const binder = createBinder({ analytics, datasets: lookup }, workspace, inputs);
    const bound = await binder.bind(`the derivation of '${name}'`, sql);
    return { bound, resolved: binder.resolved() };
  }

  async function withResult<T>(bound: BoundSql, work: (path: string) => Promise<T>): Promise<T> {
    const folder = join(tempFolder, newId('derive'));
    await mkdir(folder, { recursive: true });
    try {
      const to = join(folder, 'derived.parquet');
      await analytics.sandboxedCopy({ sql: bound.sql, tables: bound.tables, to });
      return await work(to);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function derive({ name, inputs, message, tag, ...input }: DeriveInput, caller: Caller) {
    const sql = input.sql.trim().replace(/[;\s]+$/, '');
    const { bound, resolved } = await bind(name, { sql, inputs }, caller.workspace);
    const provenance = {
      kind: 'sql',
      inputs: [...new Set(bound.versions.map(({ uri }) => uri))],
      detail: { sql, inputs: resolved },
    };
    return withResult(
      bound,
      (path): Promise<Committed> =>
        commits.parquet({ name, path, message: message ?? '', ...(tag && { tag }), provenance }, caller),
    );
  }

  /** Rows in another order are another content, but seldom another meaning. */
  async function haveSameRows(version: DatasetVersion, path: string): Promise<boolean> {
    const { columns } = await analytics.describeFile(path);
    const isSame = JSON.stringify(columns) === JSON.stringify(version.columns);
    return (
      isSame &&
      (await fingerprint(version, { paths: [path] })) ===
        (await fingerprint(version, await lookup.source(version)))
    );
  }

  async function fingerprint({ columns }: DatasetVersion, table: TableSource): Promise<string> {
    const row = `hash(${columns.map(({ name }) => quoteName(name)).join(', ')})`;
    const { rows } = await analytics.query({
      sql: `select cast(count(*) as varchar) || ' ' || cast(sum(cast(${row} as hugeint)) as varchar) || ' ' || cast(bit_xor(${row}) as varchar) as rows_ from t`,
      tables: { t: table },
    });
    return String(rows[0]?.rows_);
  }

  async function compare(version: DatasetVersion, path: string): Promise<Rederivation> {
    const [{ columns }, { chunks }] = [await analytics.describeFile(path), await analytics.digestFile(path)];
    const rederived = manifestDigest({ columns, chunks });
    const isEqual = rederived === version.digest;
    const { reference, digest } = version;
    const hasSameRows = isEqual || (await haveSameRows(version, path));
    return { reference, digest, rederived, isEqual, hasSameRows, committed: null };
  }

  return {
    derive,

    /** Runs a derivation again: on what it read then, to see whether it gives the same; or on the latest, as a new version. */
    async rederive(
      input: { name: string; version: string; latest?: boolean | undefined },
      caller: Caller,
    ): Promise<Rederivation> {
      const version = await lookup.getVersion(input.name, input.version, caller.workspace);
      const { sql, inputs } = recordedOf(version);
      if (input.latest) {
        const committed = await derive({ name: input.name, sql }, caller);
        const isEqual = committed.digest === version.digest;
        const { reference, digest } = version;
        return { reference, digest, rederived: committed.digest, isEqual, hasSameRows: isEqual, committed };
      }
      const { bound } = await bind(input.name, { sql, inputs }, caller.workspace);
      return withResult(bound, (path) => compare(version, path));
    },
  };
}

/** @throws datasetNotDerived */
function recordedOf({ reference, provenance }: DatasetVersion): Recorded {
  const { sql, inputs } = provenance.detail;
  if (provenance.kind !== 'sql' || typeof sql !== 'string' || !isBindings(inputs))
    throw errors.datasetNotDerived({ reference, kind: provenance.kind });
  return { sql, inputs };
}

const isBindings = (value: unknown): value is Bindings =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((each) => typeof each === 'string');
