import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureView, Row } from '@tidemill/contract';
import type { Analytics } from '../../../adapters/analytics/analytics.ts';
import type { Db } from '../../../adapters/db/db.ts';
import { type OnlineStore, parseEventList } from '../../../adapters/online/online.ts';
import type { Caller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { errors } from '../../../base/errors.ts';
import { createGroupCommit } from '../../../base/group-commit.ts';
import { newId } from '../../../base/ids.ts';
import { formatReference, parseReference } from '../../../base/references.ts';
import type { Datasets } from '../../datasets/service.ts';
import { pushNotices } from './push-notices.ts';
import { pushStore } from './push-store.ts';
import { type PushedRows, rowsPerTurn, toPushedRows } from './pushed-rows.ts';
import type { ViewRead } from './read.ts';
import { keepMsOf } from './values.ts';
import { countEvents, mostEvents, oldestKept } from './windows.ts';

export interface PushDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly analytics: Analytics;
  readonly online: OnlineStore;
  readonly datasets: Pick<Datasets, 'commitParquet'>;
  readonly tempFolder: string;
  viewRead(reference: string, workspace: string): Promise<ViewRead>;
}

export interface PushInput {
  readonly name: string;
  readonly version: string;
  readonly rows: Row[];
  readonly to?: 'online' | 'offline' | 'online_and_offline' | undefined;
  readonly key?: string | undefined;
}

interface Appended {
  readonly version: string;
  readonly repeated: boolean;
}

/** A push on its way into its view's dataset; what came of it is written into it. */
interface Entry {
  readonly view: FeatureView;
  readonly rows: readonly Row[];
  readonly key: string | undefined;
  readonly caller: Caller;
  appended: Appended | null;
}

interface Sent {
  readonly key: string | undefined;
  readonly offline: Appended | null;
  readonly now: number;
}

const rowsPerCommit = 200_000;
const waitingRows = 500_000;

/** Rows pushed to a view: checked as a whole, appended to its dataset, written online; acknowledged means both are done. */
export function createPush(deps: PushDependencies) {
  const { db, clock, analytics, online, datasets, tempFolder, viewRead } = deps;
  const queues = new Map<string, (entry: Entry) => Promise<void>>();

  /** Pushes that arrive while a version is committed become one version together. */
  function queueOf({ workspace, reference }: FeatureView): (entry: Entry) => Promise<void> {
    const name = `${workspace}/${reference}`;
    const found = queues.get(name);
    if (found) return found;
    const queue = createGroupCommit<Entry>({
      commit,
      weightOf: ({ rows }) => rows.length,
      heaviestGroup: rowsPerCommit,
      heaviestQueue: waitingRows,
      refusal: () => errors.onlineBusy({ waiting: waitingRows, limit: waitingRows }),
    });
    queues.set(name, queue);
    return queue;
  }

  async function commit(entries: readonly Entry[]): Promise<(Error | undefined)[]> {
    const [{ view, caller }] = entries as [Entry, ...Entry[]];
    const keys = entries.flatMap(({ key }) => (key === undefined ? [] : [key]));
    const known = await pushStore(db).findVersions(view.workspace, view.name, keys);
    const fresh: Entry[] = [];
    const seen = new Set<string>();
    for (const entry of entries) {
      const version = entry.key === undefined ? undefined : known.get(entry.key);
      if (version !== undefined) entry.appended = { version, repeated: true };
      else if (entry.key === undefined || !seen.has(entry.key)) fresh.push(entry);
      if (entry.key !== undefined) seen.add(entry.key);
    }
    const version =
      fresh.length === 0
        ? null
        : await append(
            view,
            fresh,
            [...seen].filter((key) => !known.has(key)),
            caller,
          );
    for (const entry of entries)
      entry.appended ??= { version: version ?? '', repeated: !fresh.includes(entry) };
    return entries.map(() => undefined);
  }

  /** The keys are kept in the transaction that makes the version: rows are there once, or not at all. */
  async function append(
    view: FeatureView,
    entries: readonly Entry[],
    keys: readonly string[],
    caller: Caller,
  ) {
    if (!view.stream) throw errors.pushNotOffline({ view: view.reference });
    const { dataset, columns } = view.stream;
    const folder = join(tempFolder, newId('push'));
    await mkdir(folder, { recursive: true });
    try {
      const path = join(folder, 'rows.ndjson');
      const names = columns.map(({ name }) => name);
      await writeFile(
        path,
        linesOf(
          names,
          entries.map(({ rows }) => rows),
        ),
      );
      const to = join(folder, 'rows.parquet');
      const types = Object.fromEntries(columns.map(({ name, type }) => [name, type]));
      await analytics.importFile({ path, label: `push to ${view.reference}`, format: 'ndjson', types, to });
      const committed = await datasets.commitParquet(
        {
          name: dataset,
          path: to,
          mode: 'append',
          message: `pushed to ${view.reference}`,
          provenance: { kind: 'push', inputs: [], detail: { view: view.reference, pushes: entries.length } },
          within: (tx, { reference }) =>
            pushStore(tx).insert(view.workspace, view.name, keys, reference, clock.now()),
        },
        caller,
      );
      return committed.reference;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function writeOnline(
    { view, online: name, windows }: ViewRead,
    rows: PushedRows,
    { key, offline, now }: Sent,
  ): Promise<{ readonly written: number }> {
    if (windows === null) return online.write(name, rows.online, { keepMs: keepMsOf(view) });
    const holder = offline?.version ?? (await holderOf(view, key));
    const version = holder === undefined ? 0 : Number(parseReference(holder).version);
    const events = rows.events.map((event) => ({ ...event, version }));
    return online.append(name, events, { before: oldestKept(view, now) });
  }

  /** Events that were pushed online before under this key are in a version now: from there they will come once more. */
  async function tellHeld(read: ViewRead, rows: PushedRows, sent: Sent): Promise<void> {
    if (sent.key === undefined || read.windows === null) return;
    const keys = [...new Set(rows.events.map(({ key }) => key))];
    const [held = []] = await online.read([{ view: read.online, keys }]);
    const ids = new Set(
      held.flatMap((list) => (list ? parseEventList(list.values).entries.map(({ id }) => id) : [])),
    );
    const events = rows.events.filter(({ id }) => ids.has(id));
    if (events.length > 0) await writeOnline(read, { ...rows, events }, sent);
  }

  /** The version that holds a push which was sent before, if one does. */
  async function holderOf(view: FeatureView, key: string | undefined): Promise<string | undefined> {
    if (key === undefined || view.stream === null) return undefined;
    return (await pushStore(db).findVersions(view.workspace, view.name, [key])).get(key);
  }

  /** Before any of it is kept; pushes at the same time may add a few more than there is room for. */
  async function assertRoom(
    { view, online: name, windows }: ViewRead,
    events: PushedRows['events'],
    now: number,
  ): Promise<void> {
    const added = [...Map.groupBy(events, ({ key }) => key)];
    const [held = []] = await online.read([{ view: name, keys: added.map(([key]) => key) }]);
    const before = oldestKept(view, now);
    for (const [i, [entity, some]] of added.entries()) {
      const count = some.length + (windows === null ? 0 : countEvents(windows, held[i] ?? null, before));
      if (count > mostEvents)
        throw errors.onlineEventsTooMany({ view: view.reference, entity, events: count, limit: mostEvents });
    }
  }

  return {
    async push(input: PushInput, caller: Caller) {
      const { to = 'online', key } = input;
      const read = await viewRead(formatReference(input.name, input.version), caller.workspace);
      const { view } = read;
      if (to !== 'online' && !view.stream) throw errors.pushNotOffline({ view: view.reference });
      const now = clock.now();
      const rows = await toPushedRows(read, input.rows, { now, push: key ?? newId('push') });
      if (to !== 'offline' && read.windows) await assertRoom(read, rows.events, now);
      let offline: Appended | null = null;
      if (to !== 'online') {
        const entry: Entry = { view, rows: rows.offline, key, caller, appended: null };
        await queueOf(view)(entry);
        offline = entry.appended;
      }
      if (to === 'offline') await tellHeld(read, rows, { key, offline, now });
      const kept = to === 'offline' ? null : await writeOnline(read, rows, { key, offline, now });
      return {
        view: view.reference,
        rows: input.rows.length,
        online: kept && { ...kept },
        offline,
        notices: pushNotices(view, { rows: input.rows, to, key }),
      };
    },
  };
}

/** Every column in every line: the file's shape must not depend on what the first rows leave out. */
function* linesOf(names: readonly string[], pushes: readonly (readonly Row[])[]): Generator<string> {
  const line = (row: Row) =>
    `${JSON.stringify(Object.fromEntries(names.map((name) => [name, row[name] ?? null])))}\n`;
  for (const rows of pushes)
    for (let start = 0; start < rows.length; start += rowsPerTurn)
      yield rows
        .slice(start, start + rowsPerTurn)
        .map(line)
        .join('');
}
