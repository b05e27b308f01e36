import type { ColumnType } from './analytics.ts';

const integers = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'];
const doubles = ['FLOAT', 'DOUBLE', 'HUGEINT', 'UHUGEINT', 'BIGNUM'];
const nested = /^(?:STRUCT|MAP|UNION|VARIANT)\b|\]$/;

/** Our type for DuckDB's name of a type, such as `DECIMAL(10,2)`; what is none of the six is read as text. */
export function columnTypeOf(duckdbName: string): ColumnType {
  if (isNested(duckdbName)) return 'text';
  if (duckdbName === 'BOOLEAN') return 'boolean';
  if (integers.includes(duckdbName)) return 'integer';
  if (doubles.includes(duckdbName) || duckdbName.startsWith('DECIMAL')) return 'double';
  if (duckdbName === 'DATE') return 'date';
  return duckdbName.startsWith('TIMESTAMP') ? 'timestamp' : 'text';
}

export const isNested = (duckdbName: string): boolean => nested.test(duckdbName);

const targets: Readonly<Record<ColumnType, string>> = {
  boolean: 'BOOLEAN',
  integer: 'BIGINT',
  double: 'DOUBLE',
  text: 'VARCHAR',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
};

export const duckdbType = (type: ColumnType): string => targets[type];

/** The expression that turns a value of a DuckDB type into the plain form of one of ours. */
export function castToOurs(expression: string, duckdbName: string, type = columnTypeOf(duckdbName)): string {
  if (duckdbName === 'JSON' && type === 'text') return `json_extract_string(${expression}, '$')`;
  if (isNested(duckdbName)) return `cast(to_json(${expression}) as VARCHAR)`;
  return `cast(${expression} as ${duckdbType(type)})`;
}
