import pg from 'pg';

/** PostgreSQL's type numbers (pg_type.oid). */
const oid = { bool: 16, int8: 20, json: 114, numeric: 1700, jsonb: 3802 } as const;

/** A whole number, or an error: a wrong digit at the end of an id would be found by nobody. */
function toExactInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(
      `The database holds the integer ${text}, which a JavaScript number cannot represent.`,
    );
  }
  return value;
}

/** What SQLite would give for the same query, so that stores read one shape. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [oid.bool]: (text) => (text === 't' ? 1 : 0),
  [oid.int8]: toExactInteger,
  // No column is numeric; sums and averages of integers are.
  [oid.numeric]: (text) => (/^-?\d+$/.test(text) ? toExactInteger(text) : Number(text)),
  [oid.json]: (text) => text,
  [oid.jsonb]: (text) => text,
};

export const postgresValues: pg.CustomTypesConfig = {
  getTypeParser: ((id: number, format?: 'text' | 'binary') =>
    parsers[id] ?? pg.types.getTypeParser(id, format ?? 'text')) as typeof pg.types.getTypeParser,
};
