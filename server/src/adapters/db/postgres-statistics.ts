import type pg from 'pg';

const lookEveryMs = 20_000;
/** As PostgreSQL's own daemon decides, but sooner: a burst of training must not leave the next search with a plan for an empty table. */
const stale = `
  select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables
  where schemaname = current_schema() and n_mod_since_analyze > 1000 + 0.2 * n_live_tup`;

/**
 * Brings the planner's statistics up to date while the server runs. The daemon that does so may be off, and where it is
 * on it looks once a minute; a search of 100,000 runs planned without them takes minutes instead of milliseconds.
 */
export function keepStatistics(pool: pg.Pool, everyMs = lookEveryMs): { close(): Promise<void> } {
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    try {
      const { rows } = await pool.query<{ name: string }>(stale);
      for (const { name } of rows) await pool.query(`analyze ${name}`);
    } catch {
      // A role that may not, a connection that broke: the next look tries again, and nothing depends on it.
    }
  }

  const timer = setInterval(() => {
    looking = look();
  }, everyMs);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await looking;
    },
  };
}
