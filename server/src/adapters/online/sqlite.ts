import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errors } from '../../base/errors.ts';
import { createHotRows } from './hot-rows.ts';
import {
  assertOnlineEvents,
  assertOnlineRows,
  type Loaded,
  type LoadOptions,
  type OnlineStore,
  type OnlineValues,
} from './online.ts';
import { eventWriter } from './sqlite-events.ts';
import { prepareFile, rowWriter } from './sqlite-file.ts';
import { threadOrders } from './thread-orders.ts';

/** So many keys are looked up before other requests get their turn: a few milliseconds. */
const slice = 1_000;
/** Rows that are written here, where no thread runs yet: its start would take longer than they do. */
const fewRows = 500;
const rowsPerOrder = 5_000;
/** Rows kept in memory, a few hundred bytes each; only this process writes the file. */
const hotRows = 100_000;
/** Rows of all writes that may wait for the writer. */
const roomForRows = 500_000;

/**
 * One file, one table in key order. A lookup is a few microseconds in this process; what is large is written by one thread,
 * and then all is, so that nobody waits for a lock.
 */
export async function openSqliteOnline(options: { readonly file: string }): Promise<OnlineStore> {
  const { file } = options;
  await mkdir(dirname(file), { recursive: true });
  const database = new DatabaseSync(file, { timeout: 5_000 });
  prepareFile(database);
  const findView = database.prepare('select id from online_views where name = ?');
  const select = database.prepare(
    'select event_time, row_values from online_values where view = ? and key = ?',
  );
  select.setReturnArrays(true);
  const viewIds = new Map<string, number>();
  const writer = threadOrders(new URL('./sqlite-worker.ts', import.meta.url), { file });
  const writeHere = rowWriter(database);
  const eventsHere = eventWriter(database);
  const hot = createHotRows(hotRows);
  let waiting = 0;

  function idOf(view: string): number | null {
    const known = viewIds.get(view);
    if (known !== undefined) return known;
    const found = findView.get(view) as { id: number } | undefined;
    if (found) viewIds.set(view, found.id);
    return found?.id ?? null;
  }

  function readOne(view: number, key: string): OnlineValues | null {
    const known = hot.find(view, key);
    if (known) return known;
    const row = select.get(view, key) as unknown as [number, string] | undefined;
    if (row === undefined) return null;
    const found = { eventTime: row[0], values: row[1] };
    hot.keep(view, key, found);
    return found;
  }

  /** Here, or in the thread; what was read of these rows before is forgotten. */
  async function ordered<T extends { readonly key: string }>(
    view: string,
    rows: readonly T[],
    here: () => number,
    orderOf: (some: readonly T[]) => object,
  ): Promise<{ written: number }> {
    if (rows.length === 0) return { written: 0 };
    if (waiting > 0 && waiting + rows.length > roomForRows)
      throw errors.onlineBusy({ waiting, limit: roomForRows });
    waiting += rows.length;
    try {
      if (!writer.isRunning() && rows.length <= fewRows) return { written: here() };
      let written = 0;
      // Handing rows over takes this thread's time.
      for (let start = 0; start < rows.length; start += rowsPerOrder) {
        const reply = await writer.ask(orderOf(rows.slice(start, start + rowsPerOrder)));
        written += (reply as { written: number }).written;
      }
      return { written };
    } finally {
      waiting -= rows.length;
      const id = idOf(view);
      if (id !== null) hot.forget(id, rows);
    }
  }

  /** Whoever reads meanwhile sees what is written, a block at a time. */
  async function loaded(order: object, { signal, onProgress }: LoadOptions): Promise<Loaded> {
    const tell = (rows: number) => {
      hot.clear();
      onProgress?.(rows);
    };
    try {
      return (await writer.ask(order, { signal, onProgress: tell })) as Loaded;
    } finally {
      hot.clear();
    }
  }

  return {
    async write(view, rows) {
      assertOnlineRows(view, rows);
      const here = () => writeHere(view, rows);
      return ordered(view, rows, here, (some) => ({ kind: 'write', view, rows: some }));
    },
    load: (view, path, options = {}) => loaded({ kind: 'load', view, path }, options),
    async append(view, events, { before }) {
      assertOnlineEvents(view, events);
      const here = () => eventsHere.append(view, events, before);
      return ordered(view, events, here, (some) => ({ kind: 'append', view, events: some, before }));
    },
    loadEvents(view, path, { signal, onProgress, ...file }) {
      return loaded({ kind: 'loadEvents', view, path, ...file }, { signal, onProgress });
    },
    async read(wanted) {
      const replies: (OnlineValues | null)[][] = [];
      let looked = 0;
      for (const { view, keys } of wanted) {
        const id = idOf(view);
        const answers: (OnlineValues | null)[] = [];
        for (const key of keys) {
          if (++looked % slice === 0) await nextTurn();
          answers.push(id === null ? null : readOne(id, key));
        }
        replies.push(answers);
      }
      return replies;
    },
    mark: async (view, words) => (await writer.ask({ kind: 'mark', view, words })) as boolean,
    async drop(view) {
      await writer.ask({ kind: 'drop', view });
      hot.clear();
    },
    count: async (view, subject) => (await writer.ask({ kind: 'count', view, subject })) as number,
    async erase(view, subject) {
      const erased = (await writer.ask({ kind: 'erase', view, subject })) as number;
      hot.clear();
      return erased;
    },
    describe: () => ({ kind: 'sqlite', address: file, problem: null }),
    async close() {
      await writer.close();
      if (database.isOpen) database.close();
    },
  };
}
