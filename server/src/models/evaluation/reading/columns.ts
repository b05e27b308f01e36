/** Columns of a table as numbers in memory that threads share: nothing is done for each row here. */
import type { Column } from '@tidemill/contract';
import type { Analytics, Parameter } from '../../../adapters/analytics/analytics.ts';
import { errors } from '../../../base/errors.ts';
import { quoteName } from '../../../base/sql-text.ts';
import { classText } from './classes.ts';
import type { JudgedTable } from './judged-table.ts';
import { timeExpression } from './window-table.ts';

/** Values held at once, 8 bytes each. */
export const mostValues = 100_000_000;
const numeric = new Set(['integer', 'double', 'boolean']);

/** @throws datasetColumnNotFound */
export function columnOf(
  { columns, reference }: Pick<JudgedTable, 'columns' | 'reference'>,
  name: string,
): Column {
  const found = columns.find((column) => column.name === name);
  if (found) return found;
  const known = columns.map((column) => column.name).join(', ');
  throw errors.datasetColumnNotFound({ reference, column: name, known });
}

/** SQL of a double. @throws evaluationColumnInvalid */
export function numberText(table: JudgedTable, name: string): string {
  const { type } = columnOf(table, name);
  if (numeric.has(type)) return `cast(${quoteName(name)} as double)`;
  const reason = `holds ${type}, and numbers are needed`;
  throw errors.evaluationColumnInvalid({ dataset: table.reference, column: name, reason });
}

/** Values by how many rows have them, at most `most`; missing ones are none. */
export async function commonValues(
  analytics: Pick<Analytics, 'query'>,
  table: JudgedTable,
  column: Column,
  most: number,
  signal: AbortSignal,
): Promise<string[]> {
  const { rows } = await analytics.query({
    sql: `select v from (select ${classText(column)} as v from evaluated) where v is not null group by v order by count(*) desc, v limit ${most}`,
    tables: { evaluated: table.source },
    signal,
  });
  return rows.map(({ v }) => String(v));
}

/** Expressions and the lists they refer to; each is a double. */
export interface Reading {
  add(expression: string): number;
  /** The place of a value in a list; `otherwise` of a value that is not in it. */
  addPlace(column: Column, list: readonly string[], otherwise?: number): number;
  read(bounds: { readonly from: number; readonly to: number } | null): Promise<readonly Float64Array[]>;
}

/** @throws evaluationTooLarge */
export function createReading(
  analytics: Pick<Analytics, 'numbers'>,
  table: JudgedTable,
  timeColumn: string | undefined,
  signal: AbortSignal,
): Reading {
  const expressions: string[] = [];
  const parameters: Parameter[] = [];
  const add = (expression: string) => expressions.push(expression) - 1;
  return {
    add,
    addPlace(column, list, otherwise) {
      const text = classText(column);
      const place = `nullif(list_position($${parameters.push(list)}, ${text}), 0) - 1`;
      const known = otherwise === undefined ? place : `coalesce(${place}, ${otherwise})`;
      return add(`cast(case when ${text} is not null then ${known} end as double)`);
    },
    async read(bounds) {
      if (expressions.length * table.rows > mostValues)
        throw errors.evaluationTooLarge({
          dataset: table.reference,
          rows: table.rows,
          columns: expressions.length,
          most: Math.floor(mostValues / expressions.length),
        });
      const list = expressions.map((expression, i) => `${expression} as c${i}`).join(', ');
      const order =
        timeColumn === undefined
          ? `select ${list} from evaluated`
          : inOrder(table, timeColumn, list, expressions.length, parameters, bounds);
      const columns = await analytics.numbers({
        sql: order,
        tables: { evaluated: table.source },
        parameters,
        rows: table.rows,
        signal,
      });
      return columns.map(({ values }) => values);
    },
  };
}

/** Rows of one time stay in their order. */
function inOrder(
  table: JudgedTable,
  timeColumn: string,
  list: string,
  count: number,
  parameters: Parameter[],
  bounds: { readonly from: number; readonly to: number } | null,
): string {
  const time = timeExpression(table, timeColumn);
  const names = Array.from({ length: count }, (_, i) => `c${i}`).join(', ');
  const inside = bounds
    ? ` where t between $${parameters.push(bounds.from)} and $${parameters.push(bounds.to)}`
    : '';
  return `select ${names} from (select ${list}, ${time} as t, row_number() over () as place from evaluated)${inside} order by t, place`;
}
