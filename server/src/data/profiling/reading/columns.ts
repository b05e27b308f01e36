import type { Column } from '@tidemill/contract';
import type { Cell } from '../../../adapters/analytics/analytics.ts';
import { quoteName } from '../../../base/sql-text.ts';
import type { ColumnFigures, ColumnsInput, Counted } from '../figures/columns.ts';
import {
  asDouble,
  columnsOf,
  computeFor,
  exactRowsOf,
  inTurns,
  type ProfiledTable,
  queryTable,
  sampledSql,
} from './table.ts';

export interface ReadColumn {
  readonly column: Column;
  readonly nulls: number;
  readonly nans: number;
  readonly figures: ColumnFigures;
  /** Names of the figures that are of a sample or a sketch. */
  readonly approximate: readonly string[];
}

const sampledRows = 1_000_000;
/** What is handed to a worker at once. */
const cellsAtOnce = 2_000_000;
const columnsAtOnce = 64;
/** Counts per select: planning time grows with the square of their number. */
const countsAtOnce = 100;

const module = new URL('../figures/columns.ts', import.meta.url);

/** Every column's values in one pass each, sorted in worker threads. */
export async function readColumns(table: ProfiledTable): Promise<ReadColumn[]> {
  const size = Math.max(
    1,
    Math.min(columnsAtOnce, Math.floor(cellsAtOnce / Math.max(1, Math.min(table.rows, exactRowsOf(table))))),
  );
  const batches = inBatches(table.columns, size);
  const figures = (await inTurns(batches, (batch) => figuresOf(table, batch))).flat();
  const nulls = await countNulls(table, figures);
  const read = table.columns.map((column, i): ReadColumn | null => {
    const found = figures[i];
    if (!found) return null;
    const missing = nulls.get(column.name) ?? found.missing;
    return { column, nulls: missing, nans: found.missing - missing, figures: found, approximate: [] };
  });
  const whole = read.filter((each) => each !== null);
  if (table.rows > exactRowsOf(table)) return withExactMoments(table, whole);
  return withLargeIntegers(table, whole);
}

export const inBatches = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

async function figuresOf(table: ProfiledTable, columns: readonly Column[]): Promise<ColumnFigures[]> {
  const wanted = table.rows > exactRowsOf(table) ? Math.min(sampledRows, exactRowsOf(table)) : table.rows;
  const { values } = await columnsOf(table, columns, sampledSql(columns.map(asDouble), table.rows, wanted));
  const input: ColumnsInput = {
    values: values.filter((each) => each instanceof Float64Array),
    times: columns.map(({ type }) => type === 'date' || type === 'timestamp'),
  };
  return computeFor(table, { module, name: 'describeColumns', input });
}

/** Only a double may be NaN, and only where something seems missing is there a doubt. */
async function countNulls(
  table: ProfiledTable,
  figures: readonly ColumnFigures[],
): Promise<Map<string, number>> {
  const sampled = table.rows > exactRowsOf(table);
  const doubtful = table.columns.filter(
    ({ type }, i) => sampled || (type === 'double' && (figures[i]?.missing ?? 0) > 0),
  );
  const counted = await inTurns(inBatches(doubtful, countsAtOnce), async (columns) => {
    const counts = columns.map(({ name }, i) => `count(*) - count(${quoteName(name)}) as c${i}`);
    const [row] = (await queryTable(table, columns, `select ${counts.join(', ')} from rows_`)).rows;
    return columns.map(({ name }, i) => [name, Number(row?.[`c${i}`])] as const);
  });
  return new Map(counted.flat());
}

/** Integers beyond 2^53 are counted as what they are; as doubles neighbours would be one value. */
async function withLargeIntegers(table: ProfiledTable, read: readonly ReadColumn[]): Promise<ReadColumn[]> {
  return inTurns(read, async (each) => {
    const { column, figures } = each;
    const reach = Math.max(Math.abs(figures.minimum), Math.abs(figures.maximum));
    if (column.type !== 'integer' || !(reach > Number.MAX_SAFE_INTEGER)) return each;
    const name = quoteName(column.name);
    const values = `(select ${name} as x, count(*) as n from rows_ where ${name} is not null group by 1)`;
    const sql = `select count(*) as found, count(*) filter (n = 1) as once from ${values}`;
    const [row] = (await queryTable(table, [column], sql)).rows;
    const counts = { distinct: Number(row?.found), unique: Number(row?.once) };
    return { ...each, figures: { ...figures, ...counts }, approximate: ['top', 'lowest', 'highest'] };
  });
}

const sampledFigures = [
  ...['distinct', 'quantiles', 'mad', 'skewness', 'kurtosis', 'histogram', 'top', 'lowest', 'highest'],
  'monotonicity',
];

/** Beyond the exact rows what one pass gives exactly comes from all rows, distinct values from a sketch, the rest from a sample. */
async function withExactMoments(table: ProfiledTable, read: readonly ReadColumn[]): Promise<ReadColumn[]> {
  return inTurns(read, async (each) => {
    const [row] = (await queryTable(table, [each.column], momentsSql(each.column))).rows;
    if (!row) return each;
    const number = (name: string) => numberOf(row[name]);
    const finite = number('finite');
    const scale = each.figures.finite > 0 ? finite / each.figures.finite : 0;
    const scaled = (count: number) => Math.round(count * scale);
    const present = table.rows - each.nulls;
    return {
      ...each,
      nans: number('nans'),
      approximate: each.column.type === 'text' ? ['lengths'] : sampledFigures,
      figures: {
        ...each.figures,
        finite,
        infinities: present - finite - number('nans'),
        zeros: number('zeros'),
        negatives: number('negatives'),
        sum: number('total'),
        mean: number('mean'),
        variance: number('variance'),
        minimum: number('least'),
        maximum: number('greatest'),
        // Where a sample shows every value again, it has seen them all, and a sketch is off by some percent.
        distinct:
          each.figures.unique === 0 ? each.figures.distinct : Math.min(present, number('distinct_values')),
        unique: Number.NaN,
        top: each.figures.top.map(([value, count]) => [value, scaled(count)]),
        counts: each.figures.counts.map(scaled),
        steps: { median: null, gaps: 0, longest: null },
        lowest: countedOf(row.lowest),
        highest: countedOf(row.highest),
      },
    };
  });
}

const numberOf = (cell: Cell | undefined): number => (cell == null ? Number.NaN : Number(cell));

/** Larger squares overflow, and then DuckDB gives up the whole query. */
const summable = '1e150';

function momentsSql(column: Column): string {
  const value = `case when isfinite(${asDouble(column)}) then ${asDouble(column)} end`;
  return `select count(x) as finite, count(*) filter (isnan(raw)) as nans, count(*) filter (x = 0) as zeros,
    count(*) filter (x < 0) as negatives, min(x) as least, max(x) as greatest,
    case when bool_and(abs(x) < ${summable}) then fsum(x) filter (abs(x) < ${summable}) end as total,
    case when bool_and(abs(x) < ${summable}) then favg(x) filter (abs(x) < ${summable}) end as mean,
    case when bool_and(abs(x) < ${summable}) then var_samp(x) filter (abs(x) < ${summable}) end as variance,
    approx_count_distinct(${column.type === 'text' ? quoteName(column.name) : 'raw'}) as distinct_values,
    min(x, 10) as lowest, max(x, 10) as highest
    from (select ${value} as x, ${asDouble(column)} as raw${column.type === 'text' ? `, ${quoteName(column.name)}` : ''} from rows_)`;
}

/** The ten lowest rows as values with counts; a list arrives as JSON text. */
function countedOf(cell: Cell | undefined): Counted[] {
  const list: unknown = JSON.parse(String(cell ?? '[]'));
  const counts = new Map<number, number>();
  if (Array.isArray(list))
    for (const value of list) counts.set(Number(value), (counts.get(Number(value)) ?? 0) + 1);
  return [...counts];
}
