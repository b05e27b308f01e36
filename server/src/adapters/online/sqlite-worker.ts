/** The only writer of the SQLite file: one order after the other, a large one in slices that let others in between. */
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { isOfSubject } from '../../base/subject.ts';
import { loadFile } from './load-file.ts';
import type { EventFileOptions, Loaded, MarkWords, OnlineEvent, OnlineRow, OnlineSubject } from './online.ts';
import { eventWriter } from './sqlite-events.ts';
import { prepareFile, rowWriter } from './sqlite-file.ts';
import { type OrderContext, serveOrders } from './thread-server.ts';

/** Rows of one transaction: a write that comes meanwhile waits for no more. */
const slice = 10_000;

type EventsOrder = Omit<EventFileOptions, 'signal' | 'onProgress'> & {
  readonly kind: 'loadEvents';
  readonly view: string;
  readonly path: string;
};

type Order =
  | { readonly kind: 'write'; readonly view: string; readonly rows: readonly OnlineRow[] }
  | { readonly kind: 'load'; readonly view: string; readonly path: string }
  | { readonly kind: 'mark'; readonly view: string; readonly words: MarkWords }
  | {
      readonly kind: 'append';
      readonly view: string;
      readonly events: readonly OnlineEvent[];
      readonly before: number;
    }
  | EventsOrder
  | { readonly kind: 'drop'; readonly view: string }
  | { readonly kind: 'count'; readonly view: string; readonly subject: OnlineSubject }
  | { readonly kind: 'erase'; readonly view: string; readonly subject: OnlineSubject };

const database = new DatabaseSync((workerData as { file: string }).file, { timeout: 10_000 });
prepareFile(database);
// Large loads write every page twice, into the log and back; fewer, larger checkpoints write fewer pages twice.
database.exec('pragma wal_autocheckpoint = 8000');
const findView = database.prepare('select id from online_views where name = ?');
const writeRows = rowWriter(database);
const events = eventWriter(database);
const remove = database.prepare(`
  delete from online_values where view = ?1 and key in
    (select key from online_values where view = ?1 limit ${slice})`);

const setMark = database.prepare(
  'insert into online_marks (view, mark) values (?, ?) on conflict (view) do update set mark = excluded.mark',
);
const replaceMark = database.prepare('update online_marks set mark = ? where view = ? and mark = ?');
const unmark = database.prepare('delete from online_marks where view = ?');

const mark = (view: string, { from, to }: MarkWords): boolean =>
  (from === undefined ? setMark.run(view, to) : replaceMark.run(to, view, from)).changes === 1;

async function write(view: string, rows: readonly OnlineRow[]): Promise<number> {
  let written = 0;
  for (let start = 0; start < rows.length; start += slice) {
    if (start > 0) await nextTurn();
    written += writeRows(view, rows.slice(start, start + slice));
  }
  return written;
}

async function loadEvents(order: EventsOrder, context: OrderContext): Promise<Loaded> {
  const { view } = order;
  const loaded = await loadFile(order, context, async (rows) => {
    let written = 0;
    for (let start = 0; start < rows.length; start += slice) {
      if (start > 0) await nextTurn();
      written += events.load(view, rows.slice(start, start + slice), order);
    }
    return written;
  });
  let last: string | null = order.isWhole ? '' : null;
  while (last !== null) {
    context.assertWanted();
    last = events.sweep(view, last, slice, order);
    await nextTurn();
  }
  return loaded;
}

async function drop(name: string): Promise<object> {
  unmark.run(name);
  const view = (findView.get(name) as { id: number } | undefined)?.id ?? null;
  while ((remove.run(view).changes as number) > 0) await nextTurn();
  return {};
}

const listKeys = database.prepare(
  `select key from online_values where view = ?1 and key > ?2 order by key limit ${slice}`,
);
const removeKey = database.prepare('delete from online_values where view = ?1 and key = ?2');

async function eachOf(
  name: string,
  { entity, key: wanted }: OnlineSubject,
  found: (view: number, key: string) => void,
): Promise<number> {
  const view = (findView.get(name) as { id: number } | undefined)?.id;
  if (view === undefined) return 0;
  let count = 0;
  for (let last = ''; ; await nextTurn()) {
    const keys = (listKeys.all(view, last) as { key: string }[]).map(({ key }) => key);
    const end = keys.at(-1);
    if (end === undefined) return count;
    last = end;
    for (const key of keys) {
      if (!isOfSubject(entity, key, wanted)) continue;
      found(view, key);
      count += 1;
    }
  }
}

/** Deleted rows are overwritten with zeros, and the log that still has them is emptied. */
async function erase(name: string, subject: OnlineSubject): Promise<number> {
  database.exec('pragma secure_delete = on');
  try {
    return await eachOf(name, subject, (view, key) => removeKey.run(view, key));
  } finally {
    database.exec('pragma secure_delete = off');
    database.exec('pragma wal_checkpoint(truncate)');
  }
}

serveOrders(
  async (order: Order, context) => {
    if (order.kind === 'load') return loadFile(order, context, (rows) => write(order.view, rows));
    if (order.kind === 'mark') return mark(order.view, order.words);
    if (order.kind === 'loadEvents') return loadEvents(order, context);
    if (order.kind === 'drop') return drop(order.view);
    if (order.kind === 'count') return eachOf(order.view, order.subject, () => undefined);
    if (order.kind === 'erase') return erase(order.view, order.subject);
    if (order.kind === 'append') return { written: events.append(order.view, order.events, order.before) };
    return { written: await write(order.view, order.rows) };
  },
  () => database.close(),
);
