/** A disk that takes no more, as the system, SQLite, DuckDB and PostgreSQL tell of it. */

const codes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', '53100']);
const words = /no space left on device|database or disk is full|disk quota exceeded/i;

/** Some of them, and our threads, say it in words alone. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && codes.has(error.code)) || words.test(error.message);
}
