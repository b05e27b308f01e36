import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBPreparedStatement,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  listValue,
  SQLNULL,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api';
import type { Parameter } from './analytics.ts';

/** Whole numbers are bound as integers, so that `limit $1` works; the rest as doubles. */
function bound(value: Parameter): { value: DuckDBValue; type: DuckDBType } {
  if (value === null) return { value: null, type: SQLNULL };
  if (typeof value === 'string') return { value, type: VARCHAR };
  if (typeof value === 'boolean') return { value, type: BOOLEAN };
  if (typeof value === 'bigint') return { value, type: BIGINT };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { value: BigInt(value), type: BIGINT } : { value, type: DOUBLE };
  if (value instanceof Date)
    return { value: new DuckDBTimestampValue(BigInt(value.getTime()) * 1000n), type: TIMESTAMP };
  const texts = value.some((item) => typeof item === 'string');
  return { value: listValue([...value]), type: LIST(texts ? VARCHAR : DOUBLE) };
}

export function bindParameters(
  statement: DuckDBPreparedStatement,
  parameters: readonly Parameter[] = [],
): void {
  const all = parameters.map(bound);
  if (all.length > 0)
    statement.bind(
      all.map((entry) => entry.value),
      all.map((entry) => entry.type),
    );
}
