import { randomBytes } from 'node:crypto';
import type { Erasure, ErasureHolder, Page, SubjectFindings, SubjectPlace } from '@tidemill/contract';
import { type Db, lockKey, type Tx } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { toUri } from '../../base/references.ts';
import type { Events } from '../../platform/events/service.ts';
import type { TaskContext, TaskOutcome, Tasks } from '../../platform/tasks/service.ts';
import type { Changes } from '../audit/service.ts';
import type { Lineage } from '../lineage/service.ts';
import {
  canonicalKey,
  databaseHolder,
  databaseName,
  ErasureNotYet,
  keyDigest,
  remains,
  retryMs,
  type SubjectHolder,
  type SubjectKey,
} from './rules.ts';
import { erasureStore, type StoredErasure } from './store.ts';

export {
  ErasureNotYet,
  type ErasureWork,
  type SubjectHolder,
  type SubjectKey,
} from './rules.ts';

export interface ErasuresDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Pick<Events, 'on'>;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue'>;
  readonly lineage: Pick<Lineage, 'impact'>;
  /** Versions among these that have all the columns. */
  readonly haveColumns: (
    uris: readonly string[],
    columns: readonly string[],
    workspace: string,
  ) => Promise<string[]>;
  /** See `DatabaseHandle`. */
  readonly scrub: (() => Promise<boolean>) | null;
  /** Removes files that nothing names: `named` stay as something names them, `young` were stored a moment ago. */
  readonly removeBlobs: (ids: readonly string[]) => Promise<{ named: string[]; young: string[] }>;
}

interface Payload {
  readonly erasure: string;
  readonly holder: string;
}

const taskKind = 'subject-erasure';
const mostAttempts = 1_000_000;
const waitForOthersMs = 500;
const youngMs = 30_000;
const mostDependents = 10_000;

/** A subject erased by its key: who keeps rows of it hears of it, erases them and acknowledges; until then it is listed as waiting. */
export function createErasures(deps: ErasuresDependencies) {
  const { db, changes, clock, events, tasks, lineage } = deps;
  const holders = new Map<string, SubjectHolder>();

  async function placesOf(holder: SubjectHolder, key: SubjectKey, workspace: string) {
    const found = {
      holder: holder.name,
      places: [] as SubjectPlace[],
      rows: 0,
      error: null as string | null,
    };
    try {
      found.places = await holder.find(key, workspace);
      found.rows = sumOf(found.places);
    } catch (error) {
      found.error = reasonOf(error);
    }
    return found;
  }

  /** Models that learned from the rows, and versions made of them in which the key finds nothing. */
  async function followed(places: readonly SubjectPlace[], key: SubjectKey, caller: Caller) {
    const models = new Set<string>();
    const versions = new Set<string>();
    const touched = places.filter(({ what }) => what.startsWith('dataset:')).map(({ what }) => what);
    for (const uri of touched) {
      const { dependents } = await lineage.impact({ uri, limit: mostDependents }, caller);
      for (const { uri: dependent, kind } of dependents) {
        if (kind === 'model') models.add(dependent);
        if (kind === 'dataset' && dependent.includes('@')) versions.add(dependent);
      }
    }
    const others = [...versions].filter((uri) => !touched.includes(uri));
    const searched = new Set(await deps.haveColumns(others, Object.keys(key), caller.workspace));
    return { models: [...models].sort(), derived: others.filter((uri) => !searched.has(uri)).sort() };
  }

  async function locate({ key }: { key: SubjectKey }, caller: Caller): Promise<SubjectFindings> {
    const found = [];
    for (const holder of holders.values()) found.push(await placesOf(holder, key, caller.workspace));
    const places = found.flatMap((each) => each.places);
    return {
      columns: Object.keys(key),
      holders: found,
      rows: sumOf(places),
      ...(await followed(places, key, caller)),
      remains: [...remains],
    };
  }

  async function findRunning(tx: Db, key: SubjectKey, workspace: string): Promise<StoredErasure | undefined> {
    const running = await erasureStore(tx).listRunning(workspace);
    return running.find((each) => each.key && canonicalKey(each.key) === canonicalKey(key));
  }

  async function start(
    { key, reason }: { key: SubjectKey; reason: string },
    { models, derived }: Pick<SubjectFindings, 'models' | 'derived'>,
    caller: Caller,
  ): Promise<{ id: string; wasRunning: boolean }> {
    const { workspace, actor } = caller;
    return changes.run(caller, async (tx, record) => {
      await lockKey(tx as Tx, `erasures/${workspace}`);
      const running = await findRunning(tx, key, workspace);
      if (running) return { id: running.id, wasRunning: true };
      const id = newId('erasure');
      const salt = randomBytes(16).toString('hex');
      const erasure = {
        ...{ id, workspace, key, salt, reason, models, derived },
        columns: Object.keys(key),
        keyDigest: keyDigest(key, salt),
        createdAt: clock.now(),
        createdBy: actor,
        finishedAt: null,
      };
      await erasureStore(tx).insert(erasure, [...holders.keys()]);
      // The audit trail is kept for good, so it must not say whose rows they were.
      const detail = { columns: erasure.columns, keyDigest: erasure.keyDigest, reason };
      record({ action: 'subject.erased', subject: toUri('erasure', id), detail });
      return { id, wasRunning: false };
    });
  }

  async function describe(found: readonly StoredErasure[]): Promise<Erasure[]> {
    const rows = await erasureStore(db).listHolders(found.map(({ id }) => id));
    const byErasure = Map.groupBy(rows, ({ erasure }) => erasure);
    return found.map((erasure) => {
      const of = (byErasure.get(erasure.id) ?? []).map(
        ({ erasure: _, ...holder }): ErasureHolder => ({
          ...holder,
          state: holder.acknowledgedAt === null ? 'waiting' : 'erased',
          rows: sumOf(holder.places),
        }),
      );
      return {
        id: erasure.id,
        columns: erasure.columns,
        key: erasure.key,
        reason: erasure.reason,
        state: erasure.finishedAt === null ? 'running' : 'done',
        holders: of,
        waiting: of.filter(({ state }) => state === 'waiting').map(({ holder }) => holder),
        rows: of.reduce((sum, holder) => sum + holder.rows, 0),
        models: erasure.models,
        derived: erasure.derived,
        remains: [...remains],
        createdAt: erasure.createdAt,
        createdBy: erasure.createdBy,
        finishedAt: erasure.finishedAt,
      };
    });
  }

  async function get({ id }: { id: string }, { workspace }: Caller): Promise<Erasure> {
    const found = await erasureStore(db).find(id);
    const [erasure] = found?.workspace === workspace ? await describe([found]) : [];
    if (!erasure) throw errors.erasureNotFound({ id });
    return erasure;
  }

  async function removeDoomed(erasure: string, holder: string): Promise<string[]> {
    const store = erasureStore(db);
    const doomed = await store.listDoomed(erasure, holder);
    if (doomed.length === 0) return [];
    const { named, young } = await deps.removeBlobs(doomed);
    const stay = new Set([...named, ...young]);
    await store.undoom(
      erasure,
      holder,
      doomed.filter((blob) => !stay.has(blob)),
    );
    if (young.length > 0)
      throw new ErasureNotYet(
        `${young.length} files were stored so lately that a commit may be about to name them; they go when they are older`,
        youngMs,
      );
    return named;
  }

  /** Nothing of it says that the rows are gone but the last transaction. */
  async function acknowledge(erasure: StoredErasure, holder: string, kept: number): Promise<void> {
    const caller = callerOf(erasure);
    await changes.run(caller, async (tx, record) => {
      await lockKey(tx as Tx, `erasures/${erasure.workspace}`);
      const store = erasureStore(tx);
      await store.acknowledge(erasure.id, holder, kept, clock.now());
      const all = await store.listHolders([erasure.id]);
      const waiting = all.filter(({ acknowledgedAt }) => acknowledgedAt === null);
      const rows = sumOf(all.find((each) => each.holder === holder)?.places ?? []);
      record({
        action: 'subject.acknowledged',
        subject: toUri('erasure', erasure.id),
        detail: { holder, rows, kept, waiting: waiting.map((each) => each.holder) },
      });
      // Before the database is rid of what was deleted from it.
      if (waiting.every((each) => each.holder === databaseName)) await store.forgetKey(erasure.id);
      if (waiting.length === 0) await store.finish(erasure.id, clock.now());
    });
  }

  async function eraseBy(holder: SubjectHolder, erasure: StoredErasure, signal: AbortSignal) {
    const store = erasureStore(db);
    const { id } = erasure;
    // An empty key would be true of everybody.
    if (erasure.key === null && holder.name !== databaseName)
      throw new Error(`the key of ${id} is forgotten`);
    const { kept = 0 } = await holder.erase({
      ...{ erasure: id, key: erasure.key ?? {}, signal, caller: callerOf(erasure) },
      tell: (tx, place) => tell(tx, id, holder.name, place),
      doom: (tx, blobs) => erasureStore(tx).doom(id, holder.name, blobs),
      doomed: () => store.listDoomed(id, holder.name),
      removeDoomed: () => removeDoomed(id, holder.name),
    });
    await acknowledge(erasure, holder.name, kept);
  }

  /** An attempt that dies anywhere is made again; one that fails is shown and made again. */
  async function work({ payload, signal, attempt }: TaskContext<Payload>): Promise<TaskOutcome> {
    const store = erasureStore(db);
    const erasure = await store.find(payload.erasure);
    const rows = await store.listHolders([payload.erasure]);
    const own = rows.find(({ holder }) => holder === payload.holder);
    const holder = holders.get(payload.holder);
    if (!erasure || !own || own.acknowledgedAt !== null || !holder) return { done: {} };
    const isWaiting = (holder.after ?? []).some(
      (name) => rows.find((each) => each.holder === name)?.acknowledgedAt === null,
    );
    if (isWaiting) return { waitUntil: clock.now() + waitForOthersMs };
    try {
      await eraseBy(holder, erasure, signal);
      return { done: {} };
    } catch (error) {
      if (signal.aborted) throw error;
      const isEarly = error instanceof ErasureNotYet;
      if (!isEarly)
        deps.logger.error({ err: error, ...payload, attempt }, 'an erasure failed; it is tried again');
      await store.noteAttempt(payload.erasure, payload.holder, reasonOf(error));
      return { waitUntil: clock.now() + (isEarly ? error.waitMs : retryMs(own.attempts)) };
    }
  }

  tasks.register<Payload>(
    taskKind,
    { concurrency: 1, maximumAttempts: mostAttempts, whilePaused: true },
    work,
  );

  function addHolder(holder: SubjectHolder): void {
    holders.set(holder.name, holder);
    events.on(`erasure-${holder.name}`, ['subject.erased'], async ({ workspace, subject, actor }) => {
      const erasure = subject.slice(subject.indexOf(':') + 1);
      await tasks.enqueue(db, {
        ...{ kind: taskKind, workspace, subject, actor, maximumAttempts: mostAttempts },
        payload: { erasure, holder: holder.name },
        deduplicationKey: `${erasure}/${holder.name}`,
      });
    });
  }

  return {
    /** Before the server starts, once; what they keep is asked for and erased from then on. */
    addHolders(all: readonly SubjectHolder[]): void {
      for (const holder of all) addHolder(holder);
      if (deps.scrub)
        addHolder(
          databaseHolder(
            deps.scrub,
            all.map(({ name }) => name),
          ),
        );
    },

    locate,

    /** Of the same subject there is one at a time: who comes second is given that one. */
    async erase(
      { key, reason }: { key: SubjectKey; reason: string; confirm: true },
      caller: Caller,
    ): Promise<Erasure & { wasRunning: boolean }> {
      const running = await findRunning(db, key, caller.workspace);
      const found = running ? { models: [], derived: [] } : await locate({ key }, caller);
      const { id, wasRunning } = await start({ key, reason }, found, caller);
      return { ...(await get({ id }, caller)), wasRunning };
    },

    get,

    async list(
      input: { cursor?: string | undefined; limit?: number | undefined },
      { workspace }: Caller,
    ): Promise<Page<Erasure>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor ? decodeCursor(input.cursor, isText) : undefined;
      const { items, nextCursor } = toPage(
        await erasureStore(db).list(workspace, before, limit + 1),
        limit,
        ({ id }) => id,
      );
      return { items: await describe(items), nextCursor };
    },
  };
}

export type Erasures = ReturnType<typeof createErasures>;

const sumOf = (places: readonly SubjectPlace[]): number => places.reduce((sum, { rows }) => sum + rows, 0);

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const callerOf = ({ createdBy, workspace }: StoredErasure): Caller => ({
  ...{ actor: createdBy, workspace, role: 'admin' },
});

/** Beside what was told before, by attempts that died too. */
async function tell(tx: Db, erasure: string, holder: string, place: SubjectPlace): Promise<void> {
  if (place.rows === 0) return;
  const store = erasureStore(tx);
  const before = (await store.listHolders([erasure])).find((each) => each.holder === holder)?.places ?? [];
  const known = before.find(({ what, oldDigest }) => what === place.what && oldDigest === place.oldDigest);
  const others = before.filter((each) => each !== known);
  await store.savePlaces(erasure, holder, [...others, { ...place, rows: place.rows + (known?.rows ?? 0) }]);
}
