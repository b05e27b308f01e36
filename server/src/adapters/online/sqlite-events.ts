/** Lists of events in the SQLite file, read and written within one transaction. */
import type { DatabaseSync } from 'node:sqlite';
import { gone, isFrom, withBase, withEvents } from './event-list.ts';
import type { EventFile, OnlineEvent, OnlineRow, OnlineValues } from './online.ts';
import { viewTransaction } from './sqlite-file.ts';

export function eventWriter(database: DatabaseSync) {
  const within = viewTransaction(database);
  const select = database.prepare(
    'select event_time as "eventTime", row_values as "values" from online_values where view = ? and key = ?',
  );
  const put = database.prepare(`
    insert into online_values (view, key, event_time, row_values) values (?, ?, ?, ?)
    on conflict (view, key) do update set event_time = excluded.event_time, row_values = excluded.row_values`);
  const remove = database.prepare('delete from online_values where view = ? and key = ?');
  const page = database.prepare(`
    select key, event_time as "eventTime", row_values as "values" from online_values
    where view = ? and key > ? order by key limit ?`);

  const find = (view: number, key: string): OnlineValues | null =>
    (select.get(view, key) as unknown as OnlineValues | undefined) ?? null;

  /** False where there was nothing, and is nothing. */
  function replace(view: number, key: string, held: OnlineValues | null, next: OnlineValues | null): boolean {
    if (next !== null) put.run(view, key, next.eventTime, next.values);
    else if (held !== null) remove.run(view, key);
    return held !== null || next !== null;
  }

  return {
    append: (view: string, events: readonly OnlineEvent[], before: number): number =>
      within(view, (id) => {
        let written = 0;
        for (const [key, some] of Map.groupBy(events, (event) => event.key)) {
          const held = find(id, key);
          const appended = withEvents(held, some, before);
          replace(id, key, held, appended.held);
          written += appended.written;
        }
        return written;
      }),

    load: (view: string, rows: readonly OnlineRow[], file: EventFile): number =>
      within(view, (id) => {
        let written = 0;
        for (const row of rows) {
          const held = find(id, row.key);
          if (replace(id, row.key, held, withBase(held, row, file))) written += 1;
        }
        return written;
      }),

    /** Takes the base from lists that the file did not bring; gives the last key looked at, null at the end. */
    sweep: (view: string, after: string, limit: number, file: EventFile): string | null =>
      within(view, (id) => {
        const rows = page.all(id, after, limit) as unknown as OnlineRow[];
        for (const row of rows)
          if (!isFrom(row.values, file.run)) replace(id, row.key, row, withBase(row, gone, file));
        return rows.length < limit ? null : (rows.at(-1)?.key ?? null);
      }),
  };
}
