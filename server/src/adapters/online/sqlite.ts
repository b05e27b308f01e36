import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type OnlineStore, type OnlineValues, toOnlineRecords } from './online.ts';

/** So many rows are worked on before other requests get their turn: a few milliseconds. */
const slice = 1_000;

/** One file, one table in key order; a lookup is a few microseconds in this process. */
export async function openSqliteOnline(options: { readonly file: string }): Promise<OnlineStore> {
  await mkdir(dirname(options.file), { recursive: true });
  const database = new DatabaseSync(options.file, { timeout: 1_000 });
  database.exec(`
    pragma journal_mode = wal;
    pragma synchronous = normal;
    pragma cache_size = -65536;
    create table if not exists online_rows (
      view text not null, key text not null, event_time integer not null, row_values text not null,
      primary key (view, key)
    ) strict, without rowid;
  `);
  const upsert = database.prepare(`
    insert into online_rows (view, key, event_time, row_values) values (?, ?, ?, ?)
    on conflict (view, key) do update set event_time = excluded.event_time, row_values = excluded.row_values
    where excluded.event_time >= online_rows.event_time`);
  const select = database.prepare(
    'select event_time, row_values from online_rows where view = ? and key = ?',
  );
  const remove = database.prepare(`
    delete from online_rows where view = ?1 and key in (select key from online_rows where view = ?1 limit ${slice})`);

  const writeSlice = (view: string, records: ReturnType<typeof toOnlineRecords>): number => {
    let written = 0;
    database.exec('begin immediate');
    try {
      for (const { key, eventTime, json } of records)
        written += Number(upsert.run(view, key, eventTime, json).changes);
      database.exec('commit');
    } catch (error) {
      if (database.isTransaction) database.exec('rollback');
      throw error;
    }
    return written;
  };
  const readOne = (view: string, key: string): OnlineValues | null => {
    const row = select.get(view, key) as { event_time: number; row_values: string } | undefined;
    return row === undefined ? null : { eventTime: row.event_time, values: JSON.parse(row.row_values) };
  };

  return {
    async write(view, rows) {
      const records = toOnlineRecords(view, rows);
      let written = 0;
      for (let start = 0; start < records.length; start += slice) {
        if (start > 0) await nextTurn();
        written += writeSlice(view, records.slice(start, start + slice));
      }
      return { written };
    },
    async read(view, keys) {
      const answers: (OnlineValues | null)[] = [];
      for (const key of keys) {
        if (answers.length > 0 && answers.length % slice === 0) await nextTurn();
        answers.push(readOne(view, key));
      }
      return answers;
    },
    async drop(view) {
      while (remove.run(view).changes > 0) await nextTurn();
    },
    async close() {
      if (database.isOpen) database.close();
    },
  };
}
