/** An expectation as what is asked of DuckDB and how the answer is judged. */
import type { Column, Expectation } from '@tidemill/contract';
import type { Cell } from '../../adapters/analytics/analytics.ts';
import { figureSql } from './figures.ts';
import { duplicateRowsSql, keyCountsSql, sequenceSql, wrongStepsSql } from './key-queries.ts';
import { inBrackets, rowCondition } from './row-conditions.ts';
import { isMostly, parseTime } from './rules.ts';

export interface Verdict {
  readonly passed: boolean;
  readonly observed?: number | string | null;
  readonly reason?: string | null;
  readonly rows?: number;
  readonly unexpected?: number;
}

/** A relation in which a column numbers the rows. */
export interface Numbered {
  readonly relation: string;
  readonly row: string;
}

/** Judged by aggregates that are computed together with those of other expectations. */
export interface FactsCheck {
  readonly by: 'facts';
  readonly facts: readonly string[];
  judge(values: readonly Cell[]): Verdict;
  /** Holds for rows that are not as expected; null where no row is to blame. */
  readonly unexpected: string | null;
}

/** Judged by a select of its own: one row of `n` and `bad`. */
export interface CountsCheck {
  readonly by: 'counts';
  readonly sql: string;
  /** A key of this column alone, looked at in every row: order may tell sooner that none occurs twice. */
  readonly key?: string;
  judge(counts: RowCounts): Verdict;
  /** Selects the numbers of rows that are not as expected; null where no row is to blame. */
  readonly sampleSql: ((numbered: Numbered, limit: number) => string) | null;
}

export interface RowCounts {
  readonly n: number;
  readonly bad: number;
}

export type Check = FactsCheck | CountsCheck;

export interface CheckContext {
  readonly columns: readonly Column[];
  readonly now: number;
  /** Rows of the version before, null where there is none. */
  readonly rowsBefore: number | null;
}

/** Null for kinds that are judged otherwise: by the schema, against another version, by a query of the user's. */
export function toCheck(expectation: Expectation, context: CheckContext): Check | null {
  const types = new Map(context.columns.map(({ name, type }) => [name, type]));
  const typeOf = (column: string) => types.get(column) ?? 'text';
  const isWhole = !('where' in expectation && expectation.where);
  const where = 'where' in expectation && expectation.where ? inBrackets(expectation.where) : 'true';
  const condition = rowCondition(expectation, typeOf);
  if (condition) {
    const { present, count, unexpected } = condition;
    const looked = isWhole ? present : `${present} and ${where}`;
    const wrong = `${looked} and (${unexpected})`;
    return {
      by: 'facts',
      // Cheaper than count(*) with a filter, which selects rows before it counts them.
      facts: [isWhole ? count : `count_if(${looked})`, `count_if(${wrong})`],
      judge: ([n, bad]) => judgeRows(Number(n), Number(bad), expectation),
      unexpected: wrong,
    };
  }
  const figure = figureSql(expectation, figureType(expectation, typeOf), where);
  if (figure !== null)
    return {
      by: 'facts',
      facts: [figure],
      judge: ([value]) => judgeFigure(expectation, value ?? null, context, typeOf),
      unexpected: null,
    };
  return countsCheck(expectation, where, isWhole);
}

/** Of the figure, which for a column's keys is a number whatever they are. */
function figureType(expectation: Expectation, typeOf: (column: string) => Column['type']): Column['type'] {
  const { kind } = expectation;
  if (kind === 'distinctCountBetween' || kind === 'uniqueShareBetween') return 'integer';
  return 'column' in expectation && expectation.column !== undefined ? typeOf(expectation.column) : 'integer';
}

function countsCheck(expectation: Expectation, where: string, isWhole: boolean): CountsCheck | null {
  const rows = ({ n, bad }: RowCounts) => judgeRows(n, bad, expectation);
  switch (expectation.kind) {
    case 'unique': {
      const columns = expectation.columns ?? [expectation.column ?? ''];
      const [key] = columns;
      return {
        by: 'counts',
        sql: keyCountsSql(columns, where),
        ...(isWhole && columns.length === 1 && key !== undefined && { key }),
        judge: rows,
        sampleSql: ({ relation, row }, limit) => duplicateRowsSql(columns, where, relation, row, limit),
      };
    }
    case 'increasing':
    case 'decreasing':
      return {
        by: 'counts',
        sql: sequenceSql(expectation, where),
        judge: rows,
        sampleSql: ({ relation, row }, limit) => wrongStepsSql(expectation, where, relation, row, limit),
      };
    default:
      return null;
  }
}

function judgeRows(rows: number, unexpected: number, expectation: Expectation): Verdict {
  const mostly = 'mostly' in expectation ? expectation.mostly : undefined;
  return { passed: isMostly(rows, unexpected, mostly), rows, unexpected };
}

function judgeFigure(
  expectation: Expectation,
  value: Cell,
  { now, rowsBefore }: CheckContext,
  typeOf: (column: string) => Column['type'],
): Verdict {
  if (expectation.kind === 'rowCount') return judgeRowCount(expectation, Number(value), rowsBefore);
  const figure = typeof value === 'number' && Number.isFinite(value) ? value : null;
  if (expectation.kind === 'freshness') {
    if (figure === null) return { passed: false, observed: null, reason: noValue };
    const hours = (now - figure) / 3_600_000;
    const reason = `the newest is ${Math.round(hours * 10) / 10} hours old`;
    return { passed: hours <= expectation.maxAgeHours, observed: isoTime(figure), reason };
  }
  const type = figureType(expectation, typeOf);
  const isTime = type === 'date' || type === 'timestamp';
  const verdict = judgeRange(figure, expectation);
  return isTime && figure !== null ? { ...verdict, observed: isoTime(figure) } : verdict;
}

const noValue = 'there is no value to judge';
const isoTime = (ms: number): string => new Date(ms).toISOString().replace('T00:00:00.000Z', '');

function judgeRowCount(
  { min, max, maxChange }: Extract<Expectation, { kind: 'rowCount' }>,
  count: number,
  before: number | null,
): Verdict {
  const inRange = (min === undefined || count >= min) && (max === undefined || count <= max);
  if (maxChange === undefined) return { passed: inRange, observed: count };
  if (before === null) return { passed: inRange, observed: count, reason: 'there is no version before' };
  const change =
    before === 0 ? (count === 0 ? 0 : Number.POSITIVE_INFINITY) : Math.abs(count - before) / before;
  return {
    passed: inRange && change <= maxChange,
    observed: count,
    reason: `the version before has ${before}`,
  };
}

function judgeRange(figure: number | null, expectation: Expectation): Verdict {
  if (figure === null) return { passed: false, observed: null, reason: noValue };
  const { min, max, strictMin, strictMax } = expectation as {
    min?: number | string;
    max?: number | string;
    strictMin?: boolean;
    strictMax?: boolean;
  };
  const low = toFigure(min) ?? Number.NEGATIVE_INFINITY;
  const high = toFigure(max) ?? Number.POSITIVE_INFINITY;
  const passed = (strictMin ? figure > low : figure >= low) && (strictMax ? figure < high : figure <= high);
  return { passed, observed: figure };
}

const toFigure = (bound: number | string | undefined): number | null =>
  typeof bound === 'string' ? parseTime(bound) : (bound ?? null);
