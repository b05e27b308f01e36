import type {
  DatasetVersion,
  Input,
  Page,
  Source,
  SourcePull,
  SourceSample,
  SourceSecrets,
  sourcesEndpoints,
} from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import { lockKey, type Tx } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { parseDateFormat, parseMapping } from '../datasets/service.ts';
import { type ContentsDependencies, createContents } from './contents.ts';
import { createPulls, type PullsDependencies } from './pulls.ts';
import {
  assertDefinition,
  locationOf,
  type StoredPull,
  type StoredSource,
  secretAddress,
  sourceUri,
} from './rules.ts';
import { nextTime, parseSchedule } from './schedule.ts';
import { createScheduledPulls } from './scheduled-pulls.ts';
import { pullStore, sourceStore } from './store.ts';

export type SourcesDependencies = Omit<PullsDependencies, 'contents'> & ContentsDependencies;

type Contract = typeof sourcesEndpoints;
type Changed = Omit<Input<Contract['update']>, 'name' | 'secrets'>;

/** Named places that tables come from, pulled into versions of a dataset by hand or on a schedule. */
export function createSources(deps: SourcesDependencies) {
  const { db, changes, clock, secrets, datasets } = deps;
  const contents = createContents(deps);
  const pulls = createPulls({ ...deps, contents });
  const schedules = createScheduledPulls({ ...deps, pulls });

  async function get(tx: Db, name: string, workspace: string): Promise<StoredSource> {
    const found = await sourceStore(tx).find(workspace, name);
    if (found) return found;
    const names = await sourceStore(tx).listNames(workspace);
    throw errors.sourceNotFound({
      name,
      known: names.length > 0 ? `There are ${names.join(', ')}` : 'None has been created yet',
    });
  }

  async function getPull(tx: Db, source: StoredSource, id: string): Promise<StoredPull> {
    const found = await pullStore(tx).find(source.id, id);
    if (!found) throw errors.sourcePullNotFound({ name: source.name, id });
    return found;
  }

  /** On PostgreSQL the source is ours from here to the end of the transaction. */
  async function lock(tx: Db, { id }: StoredSource): Promise<void> {
    await lockKey(tx as Tx, `sources/${id}`);
  }

  const latestOf = (source: StoredSource): Promise<DatasetVersion | null> =>
    datasets.find({ name: source.dataset, version: 'latest' }, source.workspace);

  /** Refuses what cannot be read, before anything is kept. */
  async function tryOut(source: StoredSource, known: SourceSecrets): Promise<void> {
    assertDefinition(source.from, known, source);
    if (source.mapping !== null) parseMapping(source.mapping);
    if (source.dateFormat !== null) parseDateFormat(source.dateFormat);
    await contents.sample(source, known, await latestOf(source));
  }

  const saveSecrets = (tx: Db, source: StoredSource, known: SourceSecrets): Promise<void> =>
    source.secrets.length === 0
      ? secrets.delete(tx, secretAddress(source))
      : secrets.put(tx, secretAddress(source), JSON.stringify(known));

  async function toContract(source: StoredSource): Promise<Source> {
    const last = (await pullStore(db).listLast([source.id])).get(source.id);
    return present(source, last);
  }

  function build(input: Input<Contract['create']>, caller: Caller): StoredSource {
    const now = clock.now();
    const known = input.secrets ?? {};
    const schedule = input.schedule ? parseSchedule(input.schedule) : null;
    return {
      ...{ id: newId('source'), workspace: caller.workspace, name: input.name, from: input.from },
      dataset: input.dataset ?? input.name,
      location: locationOf(input.from, known),
      secrets: Object.keys(known).sort(),
      ...{
        format: input.format ?? null,
        mapping: input.mapping ?? null,
        dateFormat: input.dateFormat ?? null,
      },
      mode: input.mode ?? defaultMode(input),
      key: input.key ?? null,
      cursor: input.cursor
        ? { column: input.cursor.column, lookback: input.cursor.lookback ?? null, value: null }
        : null,
      schedule,
      nextPullAt: schedule && nextTime(schedule, now),
      ...{ validator: null, activePull: null },
      ...{ createdAt: now, updatedAt: now, createdBy: caller.actor },
    };
  }

  return {
    async create(input: Input<Contract['create']>, caller: Caller): Promise<Source> {
      const known = input.secrets ?? {};
      const source = build(input, caller);
      if (await sourceStore(db).find(caller.workspace, input.name))
        throw errors.sourceExists({ name: input.name });
      await tryOut(source, known);
      await changes.run(caller, async (tx, note) => {
        if (!(await sourceStore(tx).insert(source))) throw errors.sourceExists({ name: source.name });
        await saveSecrets(tx, source, known);
        await schedules.follow(tx, source);
        note({ action: 'source.created', subject: sourceUri(source.name), detail: toDetail(source) });
      });
      return present(source, undefined);
    },

    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<Source>> {
      const limit = input.limit ?? defaultPageSize;
      const after = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const rows = await sourceStore(db).list(caller.workspace, after, limit + 1);
      const page = toPage(rows, limit, ({ name }) => name);
      const last = await pullStore(db).listLast(page.items.map(({ id }) => id));
      return { ...page, items: page.items.map((source) => present(source, last.get(source.id))) };
    },

    get: async (input: { name: string }, caller: Caller): Promise<Source> =>
      toContract(await get(db, input.name, caller.workspace)),

    /** Null when there is none. */
    async find(name: string, workspace: string): Promise<Source | null> {
      const found = await sourceStore(db).find(workspace, name);
      return found && toContract(found);
    },

    async update(input: Input<Contract['update']>, caller: Caller): Promise<Source> {
      const { name, secrets: given = {}, ...changed } = input;
      const before = await get(db, name, caller.workspace);
      const known = mergeSecrets(await contents.secretsOf(before), given);
      await tryOut(merge(before, changed, known, clock.now()), known);
      const saved = await changes.run(caller, async (tx, note) => {
        await lock(tx, before);
        const source = merge(await get(tx, name, caller.workspace), changed, known, clock.now());
        await sourceStore(tx).save(source);
        await saveSecrets(tx, source, known);
        await schedules.follow(tx, source);
        const detail = { ...toDetail(source), secretsChanged: Object.keys(given).sort() };
        note({ action: 'source.updated', subject: sourceUri(name), detail });
        return source;
      });
      return toContract(saved);
    },

    async delete(input: { name: string }, caller: Caller): Promise<Record<string, never>> {
      await changes.run(caller, async (tx, note) => {
        const source = await get(tx, input.name, caller.workspace);
        await lock(tx, source);
        const pull = source.activePull && (await pullStore(tx).find(source.id, source.activePull));
        if (pull) await pulls.cancel(tx, source, pull);
        await secrets.delete(tx, secretAddress(source));
        await sourceStore(tx).delete(source.id);
        await schedules.follow(tx, source);
        note({ action: 'source.deleted', subject: sourceUri(source.name), detail: toDetail(source) });
      });
      return {};
    },

    async test(input: { name: string }, caller: Caller): Promise<SourceSample> {
      const source = await get(db, input.name, caller.workspace);
      return contents.sample(source, await contents.secretsOf(source), await latestOf(source));
    },

    async pull(input: Input<Contract['pull']>, caller: Caller): Promise<SourcePull> {
      const { name, acceptSchema, full } = input;
      return changes.run(caller, async (tx, note) => {
        await lock(tx, await get(tx, name, caller.workspace));
        const source = await get(tx, name, caller.workspace);
        const last = (await pullStore(tx).listLast([source.id])).get(source.id);
        const accepted = acceptSchema && last?.state === 'schema-changed' ? last.found : null;
        const request = { trigger: 'request' as const, isFull: full ?? false, accepted };
        const pull = await pulls.begin(tx, source, request, caller);
        const detail = {
          pull: pull.id,
          ...(accepted && { acceptedSchema: accepted }),
          ...(full && { full }),
        };
        note({ action: 'source.pulled', subject: sourceUri(name), detail });
        return presentPull(pull, source);
      });
    },

    async listPulls(input: Input<Contract['listPulls']>, caller: Caller): Promise<Page<SourcePull>> {
      const source = await get(db, input.name, caller.workspace);
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const rows = await pullStore(db).list(source.id, before, limit + 1);
      const page = toPage(rows, limit, ({ id }) => id);
      return { ...page, items: page.items.map((pull) => presentPull(pull, source)) };
    },

    async getPull(input: { name: string; id: string }, caller: Caller): Promise<SourcePull> {
      const source = await get(db, input.name, caller.workspace);
      return presentPull(await getPull(db, source, input.id), source);
    },

    async cancelPull(input: { name: string; id: string }, caller: Caller): Promise<SourcePull> {
      return changes.run(caller, async (tx, note) => {
        const source = await get(tx, input.name, caller.workspace);
        await lock(tx, source);
        const pull = await getPull(tx, source, input.id);
        if (await pulls.cancel(tx, source, pull))
          note({ action: 'source.cancelled', subject: sourceUri(source.name), detail: { pull: pull.id } });
        return presentPull(await getPull(tx, source, input.id), source);
      });
    },
  };
}

export type Sources = ReturnType<typeof createSources>;

/** What the place said of unchanged content does not count for a changed source; how far it was read still does. */
function merge(before: StoredSource, changed: Changed, known: SourceSecrets, now: number): StoredSource {
  const from = changed.from ?? before.from;
  const pick = <T>(value: T | null | undefined, old: T | null): T | null =>
    value === undefined ? old : value;
  const given = changed.cursor === undefined ? before.cursor : changed.cursor;
  const column = given?.column;
  const isSameCursor = column !== undefined && column === before.cursor?.column;
  const schedule =
    changed.schedule === undefined ? before.schedule : changed.schedule && parseSchedule(changed.schedule);
  return {
    ...before,
    from,
    location: locationOf(from, known),
    secrets: Object.keys(known).sort(),
    format: pick(changed.format, before.format),
    mapping: pick(changed.mapping, before.mapping),
    dateFormat: pick(changed.dateFormat, before.dateFormat),
    mode: changed.mode ?? (changed.cursor || changed.key ? defaultMode(changed) : before.mode),
    key: pick(changed.key, changed.mode === 'upsert' || changed.mode === undefined ? before.key : null),
    cursor:
      column === undefined
        ? null
        : {
            column,
            lookback: given?.lookback ?? null,
            value: isSameCursor ? (before.cursor?.value ?? null) : null,
          },
    schedule,
    nextPullAt: changed.schedule === undefined ? before.nextPullAt : schedule && nextTime(schedule, now),
    validator: null,
    updatedAt: now,
  };
}

/** New rows are put behind the others, or in their place where a key says which. */
function defaultMode({
  key,
  cursor,
}: {
  key?: string | null | undefined;
  cursor?: object | null | undefined;
}) {
  if (key) return 'upsert' as const;
  return cursor ? ('append' as const) : ('replace' as const);
}

function mergeSecrets(before: SourceSecrets, given: Readonly<Record<string, string | null>>): SourceSecrets {
  const merged = Object.entries({ ...before, ...given });
  return Object.fromEntries(merged.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

const toDetail = ({ dataset, location, mode, cursor, schedule, secrets }: StoredSource) => ({
  ...{ dataset, location, mode, secrets },
  ...(cursor && { cursor: cursor.column }),
  ...(schedule && { schedule }),
});

function present(source: StoredSource, last: StoredPull | undefined): Source {
  const { id: _i, workspace: _w, validator: _v, activePull: _a, ...shown } = source;
  return { ...shown, lastPull: last ? presentPull(last, source) : null };
}

function presentPull(pull: StoredPull, { name }: StoredSource): SourcePull {
  const { task: _t, isFull: _f, accepted: _a, found: _o, ...shown } = pull;
  return { ...shown, source: name };
}
