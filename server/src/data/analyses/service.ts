import type { Analysis, AnalysisChart, AnalysisRun, Page, QueryResult } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { toUri } from '../../base/references.ts';
import { createBinder, type Datasets } from '../datasets/service.ts';
import { assertDrawable, digestsOf, type StoredAnalysis, verdictOf } from './rules.ts';
import { analysisStore } from './store.ts';

export interface AnalysesDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly lineage: Lineage;
  readonly clock: Clock;
  readonly analytics: Analytics;
  readonly datasets: Pick<Datasets, 'resolve' | 'source'>;
  /** The log of an endpoint as a table, until it was read. */
  readonly logTable?: (name: string, workspace: string, read: Promise<void>) => Promise<TableSource | null>;
}

interface Question {
  readonly sql: string;
  readonly bindings?: Readonly<Record<string, string>> | undefined;
  readonly limit?: number | undefined;
  readonly timeoutSeconds?: number | undefined;
}

interface Definition extends Question {
  readonly name: string;
  readonly description?: string | undefined;
  readonly chart?: AnalysisChart | null | undefined;
}

interface Answer {
  readonly result: QueryResult;
  readonly rowsDigest: string;
  readonly uris: readonly string[];
}

const defaultRows = 1_000;
const defaultSeconds = 60;
/** Of text in one reply; `datasets derive` has no such limit. */
const maximumCharacters = 32 * 2 ** 20;

/** Selects over versions of datasets: asked once, or kept with what they read and how they are drawn. */
export function createAnalyses(deps: AnalysesDependencies) {
  const { db, changes, lineage, clock, analytics } = deps;
  const store = analysisStore(db);

  async function ask(
    question: Question,
    workspace: string,
    signal: AbortSignal,
    mayReadLogs = false,
  ): Promise<Answer> {
    const { promise: read, resolve: release } = Promise.withResolvers<void>();
    const { logTable } = deps;
    try {
      // What is kept must give the same again: a log grows.
      const isAble = mayReadLogs && logTable;
      const tables = isAble
        ? { ...deps, otherTable: (name: string) => logTable(name, workspace, read) }
        : deps;
      return await askTables(tables, question, workspace, signal);
    } finally {
      release();
    }
  }

  async function askTables(
    tables: Parameters<typeof createBinder>[0],
    question: Question,
    workspace: string,
    signal: AbortSignal,
  ): Promise<Answer> {
    const started = performance.now();
    const binder = createBinder(tables, workspace, question.bindings);
    const bound = await binder.bind('the query', question.sql.trim().replace(/[;\s]+$/, ''));
    const bindings = binder.resolved();
    const time = AbortSignal.timeout((question.timeoutSeconds ?? defaultSeconds) * 1000);
    const reply = await analytics.sandboxedQuery({
      sql: bound.sql,
      tables: bound.tables,
      maxRows: question.limit ?? defaultRows,
      maxCharacters: maximumCharacters,
      signal: AbortSignal.any([signal, time]),
    });
    const columns = [...reply.columns];
    const rows = reply.rows.map((row) => ({ ...row }));
    const { digest, rowsDigest } = digestsOf(columns, rows);
    const versions = [...new Set(bound.versions.map(({ reference }) => reference))].sort();
    const milliseconds = Math.round((performance.now() - started) * 10) / 10;
    return {
      result: { columns, rows, truncated: reply.truncated, milliseconds, versions, bindings, digest },
      rowsDigest,
      uris: [...new Set(bound.versions.map(({ uri }) => uri))],
    };
  }

  async function find(name: string, workspace: string): Promise<StoredAnalysis> {
    const found = await store.find(workspace, name);
    if (!found)
      throw errors.analysisNotFound({ name, known: (await store.listNames(workspace)).join(', ') || 'none' });
    return found;
  }

  return {
    /** One select, answered and forgotten. Ends when the client leaves. */
    async query(question: Question, caller: Caller, signal: AbortSignal): Promise<QueryResult> {
      return (await ask(question, caller.workspace, signal, true)).result;
    },

    /** Runs the select and keeps it with the versions it read. While it is kept, these cannot be deleted. */
    async put(definition: Definition, caller: Caller, signal: AbortSignal): Promise<AnalysisRun> {
      const { workspace, actor } = caller;
      const { name, description, chart = null, sql } = definition;
      const { result, rowsDigest, uris } = await ask(definition, workspace, signal);
      assertDrawable(chart, result);
      const now = clock.now();
      const analysis = await changes.run(caller, async (tx, note) => {
        const inside = analysisStore(tx);
        const before = await inside.find(workspace, name);
        const kept: StoredAnalysis = {
          workspace,
          name,
          description: description ?? before?.description ?? '',
          sql,
          bindings: result.bindings,
          versions: result.versions,
          chart,
          limit: definition.limit ?? defaultRows,
          columns: result.columns,
          rows: result.rows.length,
          digest: result.digest,
          rowsDigest,
          createdAt: before?.createdAt ?? now,
          updatedAt: now,
          updatedBy: actor,
        };
        await inside.save(kept);
        const userUri = toUri('analysis', name);
        await lineage.release(tx, workspace, userUri);
        const location = `analysis:${name}`;
        await lineage.recordNode(tx, {
          workspace,
          uri: userUri,
          kind: 'analysis',
          digest: kept.digest,
          location,
        });
        const reason = 'an analysis reads it';
        await lineage.holdThere(
          tx,
          workspace,
          userUri,
          uris.map((uri) => ({ uri, reason })),
        );
        note({ action: 'analysis.kept', subject: userUri, detail: { versions: kept.versions } });
        return kept;
      });
      return { analysis: toAnalysis(analysis), result, verdict: 'equal' };
    },

    async list(
      input: { cursor?: string | undefined; limit?: number | undefined },
      caller: Caller,
    ): Promise<Page<Analysis>> {
      const size = input.limit ?? defaultPageSize;
      const after = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const found = await store.list(caller.workspace, after, size + 1);
      return toPage(found.map(toAnalysis), size, ({ name }) => name);
    },

    async get(input: { name: string }, caller: Caller): Promise<Analysis> {
      return toAnalysis(await find(input.name, caller.workspace));
    },

    /** Again on the versions it was kept with, or on those of today; what is kept does not change. */
    async run(
      input: { name: string; latest?: boolean | undefined },
      caller: Caller,
      signal: AbortSignal,
    ): Promise<AnalysisRun> {
      const kept = await find(input.name, caller.workspace);
      const { sql, limit } = kept;
      const question = { sql, limit, ...(!input.latest && { bindings: kept.bindings }) };
      const { result, rowsDigest } = await ask(question, caller.workspace, signal);
      return { analysis: toAnalysis(kept), result, verdict: verdictOf(kept, { ...result, rowsDigest }) };
    },

    async delete(input: { name: string }, caller: Caller): Promise<Record<string, never>> {
      const { workspace } = caller;
      await find(input.name, workspace);
      const uri = toUri('analysis', input.name);
      await changes.run(caller, async (tx, note) => {
        await lineage.release(tx, workspace, uri);
        await lineage.deleteNodes(tx, workspace, [uri]);
        await analysisStore(tx).delete(workspace, input.name);
        note({ action: 'analysis.deleted', subject: uri, detail: {} });
      });
      return {};
    },
  };
}

export type Analyses = ReturnType<typeof createAnalyses>;

const toAnalysis = ({ workspace: _, rowsDigest: __, ...analysis }: StoredAnalysis): Analysis => ({
  ...analysis,
  uri: toUri('analysis', analysis.name),
});
