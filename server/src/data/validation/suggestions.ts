import { type Column, type DatasetVersion, type Expectation, mostExpectations } from '@tidemill/contract';
import type { Analytics, Cell, TableSource } from '../../adapters/analytics/analytics.ts';
import { quoteName } from '../../base/sql-text.ts';

/** Planning time grows with the square of what one select computes. */
const columnsAtOnce = 16;
/** A set is suggested for at most so many values, each seen this often on average. */
const largestSet = 20;
const rowsPerValue = 10;
/** How far beyond what was seen a range reaches, as a share of its width. */
const margin = 0.1;
const rowCountChange = 0.5;
/** Fewer rows say little: by chance any column would be unique or in order. */
const fewRows = 20;
const day = 86_400_000;

type Facts = Readonly<Record<string, Cell>>;

/** Expectations that the version fulfils, from one pass for the figures of a column and one for its order and its sets. */
export async function suggestExpectations(
  analytics: Pick<Analytics, 'query'>,
  version: DatasetVersion,
  table: TableSource,
  now: number,
): Promise<Expectation[]> {
  const tables = { rows_: table };
  const found: Expectation[] = [{ kind: 'columnSet', columns: version.columns.map(({ name }) => name) }];
  if (version.rows > 0) found.push({ kind: 'rowCount', min: 1, maxChange: rowCountChange, severity: 'warn' });
  for (let start = 0; start < version.columns.length; start += columnsAtOnce) {
    const slice = version.columns.slice(start, start + columnsAtOnce);
    const facts = await analytics.query({ sql: factsSql(slice), tables });
    const sets = await findSets(analytics, tables, slice, facts.rows[0] ?? {});
    for (const [i, column] of slice.entries())
      found.push(...ofColumn(column, i, facts.rows[0] ?? {}, sets.get(i) ?? null, now));
  }
  return atMost(found);
}

/** Of a very wide table the types go first: `columnSet` and the others say the most. */
function atMost(found: readonly Expectation[]): Expectation[] {
  const kept = found.length > mostExpectations ? found.filter(({ kind }) => kind !== 'ofType') : found;
  return kept.slice(0, mostExpectations);
}

const isMeasured = ({ type }: Column): boolean => type !== 'text' && type !== 'boolean';

/** What rises from row to row is a number of something, or a time; measures do so by chance. */
const mayBeOrdered = (column: Column): boolean => isMeasured(column) && column.type !== 'double';

function factsSql(columns: readonly Column[]): string {
  const before = columns.flatMap((column, i) =>
    mayBeOrdered(column) ? [`lag(${quoteName(column.name)}) over () as before${i}`] : [],
  );
  const from = before.length > 0 ? `(select *, ${before.join(', ')} from rows_)` : 'rows_';
  const facts = columns.flatMap((column, i) => {
    const name = quoteName(column.name);
    const own = [`count(${name}) as count${i}`, `approx_count_distinct(${name}) as about${i}`];
    if (!isMeasured(column)) return own;
    const isTime = column.type === 'date' || column.type === 'timestamp';
    const value = isTime ? `epoch_ms(cast(${name} as timestamp))` : `cast(${name} as double)`;
    const finite = column.type === 'double' ? ` filter (where isfinite(${name}))` : '';
    return [
      ...own,
      `min(${value})${finite} as min${i}`,
      `max(${value})${finite} as max${i}`,
      `${column.type === 'double' ? `count_if(not isfinite(${name}))` : '0'} as odd${i}`,
      ...(mayBeOrdered(column)
        ? [`count_if(${name} < before${i}) as falls${i}`, `count_if(${name} = before${i}) as repeats${i}`]
        : []),
    ];
  });
  return `select count(*) as total, ${facts.join(', ')} from ${from}`;
}

const numberOf = (cell: Cell | undefined): number => (typeof cell === 'number' ? cell : Number.NaN);

/** The values of columns that seem to have few, and exact counts for those that seem unique. */
async function findSets(
  analytics: Pick<Analytics, 'query'>,
  tables: Record<string, TableSource>,
  columns: readonly Column[],
  facts: Facts,
): Promise<Map<number, readonly string[] | 'unique'>> {
  const found = new Map<number, readonly string[] | 'unique'>();
  const asked = columns.flatMap(({ name, type }, i) => {
    const count = numberOf(facts[`count${i}`]);
    const about = numberOf(facts[`about${i}`]);
    const column = quoteName(name);
    if (type === 'text' && about <= 2 * largestSet && count >= rowsPerValue)
      return [
        `select ${i} as i, list(distinct ${column}) as found, count(distinct ${column}) as n from rows_`,
      ];
    // A value that may be missing is no key, and figures are different by chance.
    const seemsUnique =
      count === numberOf(facts.total) &&
      type !== 'double' &&
      type !== 'boolean' &&
      about >= 0.8 * count &&
      count >= fewRows;
    return seemsUnique ? [`select ${i} as i, null as found, count(distinct ${column}) as n from rows_`] : [];
  });
  if (asked.length === 0) return found;
  const { rows } = await analytics.query({ sql: asked.join(' union all '), tables });
  for (const row of rows) {
    const i = Number(row.i);
    const count = numberOf(facts[`count${i}`]);
    const n = numberOf(row.n);
    if (row.found === null && n === count) found.set(i, 'unique');
    if (typeof row.found === 'string' && n <= largestSet && count >= rowsPerValue * n)
      found.set(i, (JSON.parse(row.found) as (string | null)[]).filter((value) => value !== null).sort());
  }
  return found;
}

function ofColumn(
  { name, type }: Column,
  i: number,
  facts: Facts,
  set: readonly string[] | 'unique' | null,
  now: number,
): Expectation[] {
  const total = numberOf(facts.total);
  const count = numberOf(facts[`count${i}`]);
  const found: Expectation[] = [{ kind: 'ofType', column: name, type }];
  if (count === total && total > 0) found.push({ kind: 'notNull', column: name });
  if (set === 'unique') found.push({ kind: 'unique', column: name });
  else if (set && set.length > 0) found.push({ kind: 'inSet', column: name, values: [...set] });
  const [low, high] = [numberOf(facts[`min${i}`]), numberOf(facts[`max${i}`])];
  const isNumber = type === 'integer' || type === 'double';
  const isOrdered = total >= fewRows && count === total && numberOf(facts[`falls${i}`]) === 0 && high > low;
  if (isNumber && high >= low && numberOf(facts[`odd${i}`]) === 0)
    found.push({ kind: 'between', column: name, ...rangeAround(low, high, type === 'integer') });
  if (isOrdered) {
    const strictly = numberOf(facts[`repeats${i}`]) === 0;
    found.push({ kind: 'increasing', column: name, ...(strictly && { strictly }) });
  }
  const isTime = type === 'date' || type === 'timestamp';
  if (isTime && high <= now && now - high < 7 * day)
    found.push({ kind: 'freshness', column: name, maxAgeHours: 24 * 7 });
  return found;
}

/** Wider than what was seen, but never across zero: what was never negative is expected not to be. */
function rangeAround(low: number, high: number, whole: boolean): { min: number; max: number } {
  const reach = (high - low || Math.abs(high) || 1) * margin;
  const [min, max] = [low - reach, high + reach];
  return {
    min: low >= 0 && min < 0 ? 0 : rounded(min, whole, Math.floor),
    max: high <= 0 && max > 0 ? 0 : rounded(max, whole, Math.ceil),
  };
}

/** To three digits, away from the values. */
function rounded(value: number, whole: boolean, away: (value: number) => number): number {
  if (value === 0) return 0;
  const power = Math.floor(Math.log10(Math.abs(value))) - 2;
  const step = whole ? Math.max(1, 10 ** power) : 10 ** power;
  return Number((away(value / step) * step).toPrecision(12));
}
