import type { Column } from '@tidemill/contract';
import type { Cell, NumberColumn } from '../../../adapters/analytics/analytics.ts';
import { quoteName } from '../../../base/sql-text.ts';
import type { ColumnFigures, ColumnsInput, Counted, DescribedColumn } from '../figures/columns.ts';
import { spreadPlaces } from './places.ts';
import {
  asDouble,
  computeFor,
  exactRowsOf,
  inTurns,
  numbersOf,
  type ProfiledTable,
  queryTable,
} from './table.ts';

export interface ReadColumn {
  readonly column: Column;
  readonly nulls: number;
  readonly nans: number;
  readonly figures: ColumnFigures;
  /** Names of the figures that are of a sample or a sketch. */
  readonly approximate: readonly string[];
  /** A bit for each row, 1 where the value is missing; null where none is, or where that was not read. */
  readonly nullBits: Uint8Array | null;
  /** Of a number or a boolean its values at the places of `Sampling.pairs`, while there are few enough to be paired. */
  readonly sample: Float64Array | null;
}

/** Which rows are read. */
export interface Sampling {
  /** Places in the table; null for all rows. */
  readonly rows: Uint32Array | null;
  /** Places among those rows; null for all of them. */
  readonly pairs: Uint32Array | null;
}

const sampledRows = 1_000_000;
/** Ranks of so many rows tell a correlation to about three thousandths. */
const pairedRows = 100_000;
const pairedCells = 6_000_000;
export const mostNumbers = 40;
export const mostCategories = 30;
/** What is held of the table at once, twice: one part is read while the other is computed. */
const cellsAtOnce = 8_000_000;
const columnsAtOnce = 64;

const module = new URL('../figures/columns.ts', import.meta.url);

export function samplingOf(table: ProfiledTable): Sampling {
  const exact = exactRowsOf(table);
  const rows = table.rows > exact ? spreadPlaces(table.rows, Math.min(sampledRows, exact)) : null;
  const numbers = table.columns.filter(isNumber).length;
  const paired = Math.min(mostNumbers, numbers) + Math.min(mostCategories, table.columns.length - numbers);
  const wanted = Math.min(pairedRows, Math.floor(pairedCells / Math.max(1, paired)));
  return { rows, pairs: spreadPlaces(rows?.length ?? table.rows, wanted) };
}

const isText = ({ type }: Column): boolean => type === 'text';
const isTime = ({ type }: Column): boolean => type === 'date' || type === 'timestamp';
const isNumber = ({ type }: Column): boolean => type === 'integer' || type === 'double';

/** The values of every column but texts, tallied in worker threads; the next columns are read meanwhile. */
export async function readColumns(table: ProfiledTable, sampling: Sampling): Promise<ReadColumn[]> {
  const columns = table.columns.filter((column) => !isText(column));
  const held = Math.max(1, sampling.rows?.length ?? table.rows);
  const size = Math.max(1, Math.min(columnsAtOnce, Math.floor(cellsAtOnce / held)));
  const found: Promise<ReadColumn[]>[] = [];
  const whole: ReadColumn[] = [];
  for (const batch of inBatches(columns, size)) {
    const values = await numbersOf(table, batch, batch.map(asDouble), sampling.rows);
    const before = found.at(-1);
    if (before) whole.push(...(await before));
    const next = describe(table, batch, values, sampling, wantedSamples(whole));
    // Whoever awaits it hears of a failure.
    next.catch(() => undefined);
    found.push(next);
  }
  const read = (await Promise.all(found)).flat();
  return sampling.rows ? withExactMoments(table, read) : withLargeIntegers(table, read);
}

/** Whether samples are still wanted, when these columns have them already. */
const wantedSamples = (read: readonly ReadColumn[]): boolean =>
  read.filter(({ column, figures }) => isNumber(column) && figures.distinct > 1).length < mostNumbers;

export const inBatches = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

/** In two threads, which take the columns by turns: what is alike in cost stands side by side. */
async function describe(
  table: ProfiledTable,
  columns: readonly Column[],
  read: readonly NumberColumn[],
  { pairs }: Sampling,
  samples: boolean,
): Promise<ReadColumn[]> {
  const described = await Promise.all(
    [0, 1].map((turn) => {
      const mine = <T>(items: readonly T[]): T[] => items.filter((_, i) => i % 2 === turn);
      const input: ColumnsInput = {
        values: mine(read).map(({ values }) => values),
        times: mine(columns).map(isTime),
        sampled: mine(columns).map((column) => samples && !isTime(column)),
        places: pairs,
      };
      if (input.values.length === 0) return [];
      return computeFor<DescribedColumn[]>(table, { module, name: 'describeColumns', input });
    }),
  );
  return columns.flatMap((column, i): ReadColumn[] => {
    const [found, numbers] = [described[i % 2]?.[i >> 1], read[i]];
    if (!found || !numbers) return [];
    const { figures, sample } = found;
    const { nulls: nullBits, nullCount: nulls } = numbers;
    return [{ column, nulls, nans: figures.missing - nulls, figures, approximate: [], nullBits, sample }];
  });
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
      approximate: sampledFigures,
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
    approx_count_distinct(raw) as distinct_values,
    min(x, 10) as lowest, max(x, 10) as highest
    from (select ${value} as x, ${asDouble(column)} as raw from rows_)`;
}

/** The ten lowest rows as values with counts; a list arrives as JSON text. */
function countedOf(cell: Cell | undefined): Counted[] {
  const list: unknown = JSON.parse(String(cell ?? '[]'));
  const counts = new Map<number, number>();
  if (Array.isArray(list))
    for (const value of list) counts.set(Number(value), (counts.get(Number(value)) ?? 0) + 1);
  return [...counts];
}
