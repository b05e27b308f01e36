/** Two dataset versions side by side, with their columns in types that can be compared. */
import type { Column, DatasetVersion } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import { errors } from '../../base/errors.ts';
import { quoteName } from '../../base/sql-text.ts';

export interface Table {
  readonly reference: string;
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly source: TableSource;
}

export interface Pair {
  readonly analytics: Pick<Analytics, 'query'>;
  readonly train: Table;
  readonly other: Table;
  readonly signal: AbortSignal;
}

export const toTable = (version: DatasetVersion, source: TableSource): Table => ({
  reference: version.reference,
  columns: version.columns,
  rows: version.rows,
  source,
});

/** @throws datasetColumnNotFound */
export function typeIn({ reference, columns }: Table, column: string): Column['type'] {
  const found = columns.find(({ name }) => name === column);
  if (found) return found.type;
  throw errors.datasetColumnNotFound({
    reference,
    column,
    known: columns.map(({ name }) => name).join(', '),
  });
}

const numbers: readonly string[] = ['integer', 'double', 'boolean'];
const times: readonly string[] = ['date', 'timestamp'];
export const isNumber = (type: string): boolean => numbers.includes(type);
export const isTime = (type: string): boolean => times.includes(type);

/** The same value of both tables is equal in it, whether one has it as a whole number and the other as a double. */
export function comparable(pair: Pick<Pair, 'train' | 'other'>, column: string): string {
  const types = [typeIn(pair.train, column), typeIn(pair.other, column)];
  const to = types.every(isNumber) ? 'double' : types.every(isTime) ? 'timestamp' : 'varchar';
  return `cast(${quoteName(column)} as ${to})`;
}

export const listOf = (parts: readonly string[]): string => parts.join(', ');

/** Both tables by these names in the statement: `train` and `other`. */
export const ask = (
  { analytics, train, other, signal }: Pair,
  sql: string,
  parameters: (string | number)[] = [],
) => analytics.query({ sql, parameters, tables: { train: train.source, other: other.source }, signal });
