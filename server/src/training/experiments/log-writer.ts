/** Writes what many requests log, in one transaction. */
import { type Db, transact } from '../../adapters/db/db.ts';
import { errors, type TidemillError } from '../../base/errors.ts';
import { createGroupCommit } from '../../base/group-commit.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { type SeriesIds, saveMetrics } from './metric-write-store.ts';
import { assertActive, lastByKey, nameTag, type RunBatch, type RunState } from './rules.ts';
import { runStore } from './run-store.ts';

export interface LogEntry {
  readonly runId: string;
  readonly workspace: string;
  readonly batch: RunBatch;
  /** More to write in the same transaction, once the run is known to take it. */
  readonly alongside?: (tx: Db, run: RunState) => Promise<void>;
}

interface Accepted {
  readonly entry: LogEntry;
  readonly run: RunState;
}

/** Rows, roughly: what keeps one transaction within some ten milliseconds. */
const heaviestGroup = 5_000;
/** What may wait, in rows; beyond it clients are told to come back. */
const heaviestQueue = 200_000;
const knownSeries = 100_000;

/**
 * Gives the function that writes an entry: all of it or nothing, and on the disk when its promise is fulfilled.
 * Its promise fails with runNotFound, runNotActive, parameterImmutable or, when too much waits, serverOverloaded.
 */
export function createLogWriter(db: Db): (entry: LogEntry) => Promise<void> {
  const series = new Map<string, number>();

  async function commit(entries: readonly LogEntry[]): Promise<(Error | undefined)[]> {
    const { refusals, fresh } = await transact(db, (tx) => writeEntries(tx, entries, series));
    if (series.size > knownSeries) series.clear();
    for (const [name, id] of fresh) series.set(name, id);
    return refusals;
  }

  return createGroupCommit({
    commit,
    weightOf: ({ batch }) => 1 + batch.metrics.length + batch.parameters.length + batch.tags.length,
    heaviestGroup,
    heaviestQueue,
    refusal: () => errors.serverOverloaded({ what: 'metrics, parameters and tags' }),
  });
}

async function writeEntries(
  tx: Db,
  entries: readonly LogEntry[],
  known: SeriesIds,
): Promise<{ refusals: (Error | undefined)[]; fresh: SeriesIds }> {
  const accepted: Accepted[] = [];
  const refusals: (Error | undefined)[] = [];
  const runs = await findRuns(tx, entries);
  for (const entry of entries) {
    const run = runs.get(entry.runId);
    const refusal = refuseRun(entry, run) ?? (await saveParameters(tx, entry));
    refusals.push(refusal);
    if (run && !refusal) accepted.push({ entry, run: run.state });
  }
  const metrics = accepted.flatMap(({ entry: { runId, batch } }) =>
    batch.metrics.map((metric) => ({ ...metric, runId })),
  );
  const fresh = await saveMetrics(tx, metrics, known);
  for (const { entry, run } of accepted) {
    await saveTags(tx, run, entry.batch.tags);
    await entry.alongside?.(tx, run);
  }
  return { refusals, fresh };
}

type FoundRun = { readonly workspace: string; readonly state: RunState };

/** Runs whose parameters are written are locked: what a parameter is may be decided by one transaction at a time. */
async function findRuns(tx: Db, entries: readonly LogEntry[]): Promise<Map<string, FoundRun>> {
  const ids = [...new Set(entries.map(({ runId }) => runId))].sort();
  const isLocked = entries.some(({ batch }) => batch.parameters.length > 0);
  const found = await runStore(tx).listStates(ids, isLocked);
  return new Map(found.map((run) => [run.state.id, run]));
}

function refuseRun({ runId, workspace }: LogEntry, run: FoundRun | undefined): Error | undefined {
  if (!run || run.workspace !== workspace) return errors.runNotFound({ run: runId });
  try {
    assertActive(run.state);
    return undefined;
  } catch (error) {
    return error as TidemillError;
  }
}

/** Nothing of a batch is written when one of its parameters has another value already. */
async function saveParameters(tx: Db, { runId, batch }: LogEntry): Promise<TidemillError | undefined> {
  const { parameters } = batch;
  if (parameters.length === 0) return undefined;
  const store = runStore(tx);
  const kept = await store.listParameters(
    runId,
    parameters.map(({ key }) => key),
  );
  const values = new Map(kept.map(({ key, value }) => [key, value]));
  const changed = parameters.find(({ key, value }) => (values.get(key) ?? value) !== value);
  if (changed) return toImmutable(runId, changed, values.get(changed.key) ?? '');
  await store.insertParameters(
    runId,
    parameters.filter(({ key }) => !values.has(key)),
  );
  return undefined;
}

const toImmutable = (run: string, { key, value }: KeyValue, found: string): TidemillError =>
  errors.parameterImmutable({ run, key, found: found.slice(0, 100), given: value.slice(0, 100) });

/** Setting the tag of the name renames the run. */
async function saveTags(tx: Db, run: RunState, tags: readonly KeyValue[]): Promise<void> {
  if (tags.length === 0) return;
  const distinct = lastByKey(tags);
  await runStore(tx).saveTags(run.id, distinct);
  const name = distinct.find(({ key }) => key === nameTag)?.value;
  if (name !== undefined) await runStore(tx).rename(run.id, name);
}
