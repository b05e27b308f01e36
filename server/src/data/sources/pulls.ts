import { isDeepStrictEqual } from 'node:util';
import type { DatasetVersion } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Fetched } from '../../adapters/sources/sources.ts';
import { type Caller, systemCaller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import type { TaskContext, TaskOutcome, Tasks } from '../../platform/tasks/service.ts';
import { endlessAttempts, withToldEnd } from '../../platform/tasks/told-end.ts';
import type { Committed, Datasets } from '../datasets/service.ts';
import type { Contents } from './contents.ts';
import { compareColumns, isEnded, readFrom, type StoredPull, type StoredSource, sourceUri } from './rules.ts';
import { pullStore, sourceStore } from './store.ts';
import type { Cursor, TypedTable } from './typed-table.ts';

export interface PullsDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue' | 'cancel' | 'wake'>;
  readonly datasets: Pick<Datasets, 'find' | 'source' | 'commitParquet'>;
  readonly contents: Contents;
}

const taskKind = 'source-pull';
const allowedFailures = 3;
const shownProgressMs = 1000;

interface Work {
  readonly source: StoredSource;
  readonly pull: StoredPull;
  readonly caller: Caller;
  readonly folder: string;
  readonly signal: AbortSignal;
}

export type PullRequest = Pick<StoredPull, 'trigger' | 'isFull' | 'accepted'>;

/**
 * A pull is a row and a task. Its end, the source's new cursor and the version are written in one transaction: whatever
 * dies in between, no row is read into the dataset twice and none is passed over.
 */
export function createPulls(deps: PullsDependencies) {
  const { db, changes, clock, tasks, datasets, contents } = deps;

  tasks.register<{ source: string; pull: string }>(
    taskKind,
    { concurrency: 2 },
    withToldEnd(run, { allowedFailures: () => allowedFailures, fail }),
  );

  async function run(task: TaskContext<{ source: string; pull: string }>): Promise<TaskOutcome> {
    const source = await sourceStore(db).findById(task.payload.source);
    const found = source && (await pullStore(db).find(source.id, task.payload.pull));
    if (!source || !found || isEnded(found.state)) return { done: {} };
    const pull = { ...found, state: 'running' as const, startedAt: found.startedAt ?? clock.now() };
    if (!(await pullStore(db).save(pull))) return { done: {} };
    const caller: Caller = { actor: pull.createdBy, role: 'editor', workspace: source.workspace };
    await contents.inFolder(async (folder) => work({ source, pull, caller, folder, signal: task.signal }));
    return { done: {} };
  }

  async function work(job: Work): Promise<void> {
    const { source, pull } = job;
    const latest = await datasets.find({ name: source.dataset, version: 'latest' }, source.workspace);
    const isNew = latest === null || pull.isFull;
    const cursor = cursorOf(source, isNew);
    const fetched = await fetch(job, { cursor, validator: knownValidator(source, isNew ? null : latest) });
    if (fetched.unchanged) return end(job, { state: 'unchanged', version: latest?.reference ?? null });
    const { bytes, validator } = fetched;
    const table = await contents.build(job, fetched, latest, cursor);
    const range = cursor && { column: cursor.column, from: cursor.reached, to: table.reached };
    const seen = { bytes, rows: table.rows, cursor: range };
    if (table.rows === 0) {
      if (!latest) throw errors.datasetFileEmpty({ file: source.location, reason: 'has no rows' });
      if (cursor) return end(job, { ...seen, state: 'unchanged', version: latest.reference }, { validator });
    }
    const change = latest && compareColumns(latest.reference, latest.columns, table.columns);
    if (change && !isDeepStrictEqual(pull.accepted, table.columns))
      return end(job, { ...seen, state: 'schema-changed', change, found: table.columns });
    await commit(job, { ...seen, change, found: table.columns }, table, latest, validator);
  }

  /** Whatever is read knows the secrets only here, and whatever fails says none of them. */
  async function fetch(
    { source, pull, folder, signal }: Work,
    state: { cursor: Cursor | null; validator: string | null },
  ): Promise<Fetched> {
    let bytes = 0;
    let shown = 0;
    const progress = setInterval(() => {
      if (bytes === shown) return;
      shown = bytes;
      // Only a figure on its way; the end writes the true one.
      pullStore(db)
        .saveBytes(pull.id, bytes)
        .catch(() => undefined);
    }, shownProgressMs);
    const onBytes = (read: number) => {
      bytes = read;
    };
    try {
      return await contents.fetch(source, await contents.secretsOf(source), {
        ...state,
        folder,
        signal,
        sample: false,
        onBytes,
      });
    } finally {
      clearInterval(progress);
    }
  }

  async function commit(
    job: Work,
    seen: Partial<StoredPull>,
    table: TypedTable,
    latest: DatasetVersion | null,
    validator: string | null,
  ): Promise<void> {
    const { source, pull, caller } = job;
    const mode = latest === null || pull.isFull ? 'replace' : source.mode;
    const isWidened = mode !== 'replace' && seen.change !== null;
    await datasets.commitParquet(
      {
        name: source.dataset,
        ...(isWidened && latest ? await widen(job, table, latest) : { path: table.path, mode }),
        ...(mode === 'upsert' && !isWidened && source.key !== null && { key: source.key }),
        message: `pulled from ${source.name}`,
        provenance: {
          kind: 'source',
          inputs: [sourceUri(source.name)],
          detail: {
            ...{ source: source.name, pull: pull.id, location: source.location, mode },
            ...(mode === 'upsert' && { key: source.key }),
            ...(seen.cursor && { cursor: seen.cursor }),
            ...(validator !== null && { validator }),
            ...(table.warnings.length > 0 && { warnings: table.warnings }),
          },
        },
        within: async (tx, version) => {
          await endIn(
            tx,
            job,
            { ...seen, ...outcomeOf(version) },
            { validator, cursorValue: seen.cursor?.to },
          );
        },
      },
      caller,
    );
  }

  /** Rows of before and new ones under columns for both, which are those of no upload: the whole is written anew. */
  async function widen({ source, folder }: Work, table: TypedTable, latest: DatasetVersion) {
    const before = { table: await datasets.source(latest), columns: latest.columns };
    const key = source.mode === 'upsert' ? (source.key ?? '').split(',').map((name) => name.trim()) : [];
    const { path } = await contents.join(before, table, key, folder);
    return { path, mode: 'replace' as const, base: latest };
  }

  const outcomeOf = (version: Committed): Partial<StoredPull> => ({
    state: version.unchanged ? 'unchanged' : 'succeeded',
    version: version.reference,
  });

  /** Throws when the pull has ended elsewhere, which undoes what the transaction did. */
  async function endIn(
    tx: Db,
    { source, pull }: Pick<Work, 'source' | 'pull'>,
    ended: Partial<StoredPull>,
    reached: { validator?: string | null; cursorValue?: string | null | undefined } = {},
  ): Promise<void> {
    const saved = await pullStore(tx).save({ ...pull, ...ended, finishedAt: clock.now() });
    if (!saved) throw new Error(`the pull ${pull.id} has ended already`);
    await sourceStore(tx).endTurn(source.id, pull.id, reached);
    await pullStore(tx).prune(source.id);
  }

  async function end(
    job: Work,
    ended: Partial<StoredPull>,
    reached: { validator?: string | null } = {},
  ): Promise<void> {
    await changes.run(systemCaller('sources', job.source.workspace), async (tx, note) => {
      await endIn(tx, job, ended, reached);
      if (ended.state !== 'schema-changed') return;
      const detail = { pull: job.pull.id, change: ended.change };
      note({ action: 'source.schema-changed', subject: sourceUri(job.source.name), detail });
    });
  }

  async function fail(
    { payload }: TaskContext<{ source: string; pull: string }>,
    error: TidemillError,
  ): Promise<void> {
    const cause = error.cause instanceof TidemillError ? error.cause : error;
    const told = { code: cause.code, message: cause.message };
    const source = await sourceStore(db).findById(payload.source);
    const pull = source && (await pullStore(db).find(source.id, payload.pull));
    if (!source || !pull || isEnded(pull.state)) return;
    await changes.run(systemCaller('sources', source.workspace), async (tx, note) => {
      await endIn(tx, { source, pull }, { state: 'failed', error: told });
      note({
        action: 'source.failed',
        subject: sourceUri(source.name),
        detail: { pull: pull.id, error: told },
      });
    });
  }

  return {
    /** In the caller's transaction. @throws sourceBusy */
    async begin(tx: Db, source: StoredSource, request: PullRequest, caller: Caller): Promise<StoredPull> {
      const pull: StoredPull = {
        ...request,
        ...{ id: newId('pull'), source: source.id, task: newId('task'), state: 'queued' as const },
        ...{ createdAt: clock.now(), startedAt: null, finishedAt: null, createdBy: caller.actor },
        ...{ bytes: null, rows: null, version: null, cursor: null, change: null, found: null, error: null },
      };
      if (!(await sourceStore(tx).takeTurn(source.id, pull.id)))
        throw errors.sourceBusy({ name: source.name, pull: source.activePull ?? 'just begun' });
      await pullStore(tx).insert(pull);
      await tasks.enqueue(tx, {
        id: pull.task,
        kind: taskKind,
        workspace: source.workspace,
        subject: sourceUri(source.name),
        payload: { source: source.id, pull: pull.id },
        actor: caller.actor,
        maximumAttempts: endlessAttempts,
      });
      return pull;
    },

    /** False when it had ended. */
    async cancel(tx: Db, source: StoredSource, pull: StoredPull): Promise<boolean> {
      if (isEnded(pull.state)) return false;
      await endIn(tx, { source, pull }, { state: 'cancelled' });
      await tasks.cancel(tx, pull.task);
      return true;
    },
  };
}

/** Where rows are replaced, what is unchanged outside says nothing once somebody else has committed here. */
function knownValidator(source: StoredSource, latest: DatasetVersion | null): string | null {
  if (latest === null) return null;
  const isOurs = latest.provenance.kind === 'source' && latest.provenance.detail.source === source.name;
  return isOurs || source.mode !== 'replace' ? source.validator : null;
}

function cursorOf({ cursor }: StoredSource, isNew: boolean): Cursor | null {
  if (!cursor) return null;
  const { column, lookback, value } = cursor;
  if (isNew || value === null) return { column, after: null, reached: null };
  return { column, after: readFrom(value, lookback), reached: value };
}

export type Pulls = ReturnType<typeof createPulls>;
