import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureView, Row } from '@tidemill/contract';
import type { Analytics } from '../../../adapters/analytics/analytics.ts';
import type { Db } from '../../../adapters/db/db.ts';
import type { OnlineStore } from '../../../adapters/online/online.ts';
import type { Caller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { errors } from '../../../base/errors.ts';
import { createGroupCommit } from '../../../base/group-commit.ts';
import { newId } from '../../../base/ids.ts';
import { formatReference } from '../../../base/references.ts';
import type { Datasets } from '../../datasets/service.ts';
import { pushStore } from './push-store.ts';
import { rowsPerTurn, toPushedRows } from './pushed-rows.ts';
import type { ViewRead } from './read.ts';
import { keepMsOf, onlineName } from './values.ts';

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

  return {
    async push(input: PushInput, caller: Caller) {
      const { to = 'online', key } = input;
      const read = await viewRead(formatReference(input.name, input.version), caller.workspace);
      const { view } = read;
      if (to !== 'online' && !view.stream) throw errors.pushNotOffline({ view: view.reference });
      const rows = await toPushedRows(read, input.rows, clock.now());
      let offline: Appended | null = null;
      if (to !== 'online') {
        const entry: Entry = { view, rows: rows.offline, key, caller, appended: null };
        await queueOf(view)(entry);
        offline = entry.appended;
      }
      const options = { keepMs: keepMsOf(view) };
      const kept = to === 'offline' ? null : await online.write(onlineName(view), rows.online, options);
      return { view: view.reference, rows: input.rows.length, online: kept && { ...kept }, offline };
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
