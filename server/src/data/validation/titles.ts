import type { Expectation } from '@tidemill/contract';

/** An expectation in words, as it stands in results, errors and lists. */
export function titleOf(expectation: Expectation): string {
  const mostly =
    'mostly' in expectation && expectation.mostly !== undefined && expectation.mostly < 1
      ? ` in ${percent(expectation.mostly)} of rows`
      : '';
  const where = 'where' in expectation && expectation.where ? ` where ${expectation.where}` : '';
  return `${said(expectation)}${mostly}${where}`;
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(6))} %`;
const shownValues = 6;

function said(e: Expectation): string {
  switch (e.kind) {
    case 'notNull':
      return `${e.column} is not missing`;
    case 'unique':
      return e.columns ? `${e.columns.join(', ')} are unique together` : `${e.column} is unique`;
    case 'between':
      return `${e.column} ${inRange(e)}`;
    case 'inSet':
      return `${e.column} is one of ${someOf(e.values)}`;
    case 'notInSet':
      return `${e.column} is none of ${someOf(e.values)}`;
    case 'matchesRegex':
      return `${e.column} matches ${e.pattern}`;
    case 'notMatchesRegex':
      return `${e.column} does not match ${e.pattern}`;
    case 'lengthBetween':
      return `length of ${e.column} ${inRange(e)}`;
    case 'dateParseable':
      return `${e.column} reads as a date${e.format ? ` by ${e.format}` : ''}`;
    case 'increasing':
    case 'decreasing':
      return `${e.column} is ${e.strictly ? 'strictly ' : ''}${e.kind}${e.groupBy ? ` by ${e.groupBy.join(', ')}` : ''}`;
    case 'pair':
      return `${e.column} ${e.operator} ${e.other}`;
    case 'sql':
      return `no row of: ${e.sql.replace(/\s+/g, ' ').slice(0, 120)}`;
    default:
      return ofTable(e);
  }
}

type Judged = Exclude<
  Expectation,
  { kind: 'notNull' | 'unique' | 'between' | 'inSet' | 'notInSet' | 'matchesRegex' | 'notMatchesRegex' }
>;
type OfTable = Exclude<
  Judged,
  { kind: 'lengthBetween' | 'dateParseable' | 'increasing' | 'decreasing' | 'pair' | 'sql' }
>;

function ofTable(e: OfTable): string {
  switch (e.kind) {
    case 'ofType':
      return `${e.column} is ${e.type}`;
    case 'columnSet':
      return e.match === 'contains'
        ? `columns contain ${someOf(e.columns)}`
        : `columns are ${someOf(e.columns)}${e.match === 'ordered' ? ' in this order' : ''}`;
    case 'rowCount': {
      const change = e.maxChange === undefined ? '' : `within ${percent(e.maxChange)} of the version before`;
      const range = e.min === undefined && e.max === undefined ? '' : inRange(e);
      return `row count ${[range, change].filter(Boolean).join(', ')}`;
    }
    case 'freshness':
      return `${e.column} is not older than ${e.maxAgeHours} hours`;
    case 'distribution':
      return `${e.column} is distributed as in ${e.version} (${e.method ?? 'psi'})`;
    case 'quantileBetween':
      return `quantile ${e.quantile} of ${e.column} ${inRange(e)}`;
    default:
      return `${figureNames[e.kind]} of ${e.column} ${inRange(e)}`;
  }
}

const figureNames = {
  meanBetween: 'mean',
  medianBetween: 'median',
  stdBetween: 'standard deviation',
  sumBetween: 'sum',
  minBetween: 'minimum',
  maxBetween: 'maximum',
  distinctCountBetween: 'distinct count',
  uniqueShareBetween: 'share of distinct values',
} as const;

interface Range {
  readonly min?: number | string | undefined;
  readonly max?: number | string | undefined;
  readonly strictMin?: boolean | undefined;
  readonly strictMax?: boolean | undefined;
}

function inRange({ min, max, strictMin, strictMax }: Range): string {
  if (min !== undefined && max !== undefined && !strictMin && !strictMax)
    return `is between ${min} and ${max}`;
  const parts = [
    ...(min === undefined ? [] : [`${strictMin ? 'above' : 'at least'} ${min}`]),
    ...(max === undefined ? [] : [`${strictMax ? 'below' : 'at most'} ${max}`]),
  ];
  return `is ${parts.join(' and ')}`;
}

const someOf = (values: readonly unknown[]): string =>
  values.length <= shownValues
    ? values.join(', ')
    : `${values.slice(0, shownValues).join(', ')} and ${values.length - shownValues} more`;
