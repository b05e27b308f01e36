import type { DatabaseSync } from 'node:sqlite';
import type { OnlineRow } from './online.ts';

/** What both connections to the file need; the first one makes it, and brings over what an earlier release kept in it. */
export function prepareFile(database: DatabaseSync): void {
  database.exec(`
    pragma journal_mode = wal;
    pragma synchronous = normal;
    pragma cache_size = -65536;
    create table if not exists online_views (id integer primary key, name text not null unique) strict;
    create table if not exists online_values (
      view integer not null, key text not null, event_time integer not null, row_values text not null,
      primary key (view, key)
    ) strict, without rowid;
    create table if not exists online_marks (view text primary key, mark text not null) strict, without rowid;
  `);
  const old = database.prepare("select 1 from sqlite_master where name = 'online_rows'").get();
  if (old) bringOver(database);
}

/** Event times were milliseconds then. */
function bringOver(database: DatabaseSync): void {
  database.exec(`
    begin immediate;
    insert or ignore into online_views (name) select distinct view from online_rows;
    insert or ignore into online_values (view, key, event_time, row_values)
      select v.id, r.key, r.event_time * 1000, r.row_values from online_rows r join online_views v on v.name = r.view
      where abs(r.event_time) < 9007199254740;
    drop table online_rows;
    commit;
  `);
}

/** Runs the work in one transaction, with the number of the view. */
export function viewTransaction(database: DatabaseSync): <T>(view: string, work: (id: number) => T) => T {
  const ensureView = database.prepare(
    'insert into online_views (name) values (?) on conflict (name) do update set name = name returning id',
  );
  return (view, work) => {
    database.exec('begin immediate');
    try {
      const { id } = ensureView.get(view) as { id: number };
      const result = work(id);
      database.exec('commit');
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('rollback');
      throw error;
    }
  };
}

/** Writes rows in one transaction; gives how many were kept. */
export function rowWriter(database: DatabaseSync): (view: string, rows: readonly OnlineRow[]) => number {
  const within = viewTransaction(database);
  const upsert = database.prepare(`
    insert into online_values (view, key, event_time, row_values) values (?, ?, ?, ?)
    on conflict (view, key) do update set event_time = excluded.event_time, row_values = excluded.row_values
    where excluded.event_time >= online_values.event_time`);
  return (view, rows) =>
    within(view, (id) => {
      let written = 0;
      for (const { key, eventTime, values } of rows)
        written += upsert.run(id, key, eventTime, values).changes as number;
      return written;
    });
}
