/** The rows an evaluation judges on, read from a dataset version in order of time. */
import type { Column } from '@tidemill/contract';
import type { Analytics, QueryRequest, TableSource } from '../../../adapters/analytics/analytics.ts';
import { errors } from '../../../base/errors.ts';
import { quoteName } from '../../../base/sql-text.ts';
import { countOfWindow, type WindowBounds } from '../rules.ts';

export interface WindowTable {
  readonly rows: number;
  /** The first and the last time as text for people: `2023-08-31`. */
  readonly from: string;
  readonly to: string;
  /** Ascending; microseconds for dates and timestamps. */
  readonly times: Float64Array;
  /** The columns asked for, each finite. */
  readonly columns: ReadonlyMap<string, Float64Array>;
}

export interface WindowRequest {
  readonly timeColumn: string;
  readonly window?:
    | { last?: number | undefined; from?: string | undefined; to?: string | undefined }
    | undefined;
}

/** A dataset version, or another table with a name for messages. */
interface Named {
  readonly reference: string;
  readonly columns: readonly Column[];
}

type ColumnTypes = ReadonlyMap<string, string>;

const numeric = new Set(['integer', 'double', 'boolean']);
const calendar = new Set(['date', 'timestamp']);

/** @throws datasetColumnNotFound, evaluationColumnInvalid, evaluationWindowInvalid */
export async function findWindow(
  analytics: Pick<Analytics, 'query' | 'columns'>,
  version: Named,
  source: TableSource,
  request: WindowRequest,
): Promise<WindowBounds> {
  const { window = {} } = request;
  const [from, to] = await parseBounds(analytics, version, request.timeColumn, [window.from, window.to]);
  const counted = await countTimes(analytics, version, source, request.timeColumn, { from, to });
  if (counted.missing > 0) {
    const reason = `has no value in ${counted.missing} of ${counted.total} rows, so their place in time is unknown`;
    throw errors.evaluationColumnInvalid({ dataset: version.reference, column: request.timeColumn, reason });
  }
  const bounds = await chosenBounds(analytics, version, source, request.timeColumn, counted, {
    last: window.last,
    from,
    to,
  });
  if (bounds && bounds.rows >= 2) return bounds;
  const reason = `it holds ${bounds?.rows ?? 0} of its ${counted.total} rows, and a judgement needs two`;
  throw errors.evaluationWindowInvalid({ dataset: version.reference, reason });
}

interface CountedTimes {
  readonly total: number;
  readonly missing: number;
  /** Rows between the bounds that were asked for. */
  readonly inside: number;
  readonly newest: number;
}

interface AskedBounds {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

const timed = (time: string) => `with timed as (select ${time} as t from evaluated)`;
const insideOf = 't >= coalesce($1, t) and t <= coalesce($2, t)';

async function countTimes(
  analytics: Pick<Analytics, 'query'>,
  version: Named,
  source: TableSource,
  timeColumn: string,
  { from, to }: AskedBounds,
): Promise<CountedTimes> {
  const { rows } = await analytics.query({
    sql: `${timed(timeExpression(version, timeColumn))} select count(*) as total,
      count(*) filter (where t is null or isnan(t)) as missing,
      count(*) filter (where ${insideOf}) as inside, max(t) filter (where ${insideOf}) as newest from timed`,
    tables: { evaluated: source },
    parameters: [from ?? null, to ?? null],
  });
  const [{ total, missing, inside, newest } = {}] = rows;
  return {
    ...{ total: Number(total), missing: Number(missing), inside: Number(inside) },
    newest: newest === null ? Number.NaN : Number(newest),
  };
}

/** The engine finds where the newest rows begin: nothing is held here, however many there are. */
async function chosenBounds(
  analytics: Pick<Analytics, 'query'>,
  version: Named,
  source: TableSource,
  timeColumn: string,
  { inside, newest }: CountedTimes,
  { last, from, to }: AskedBounds & { readonly last: number | undefined },
): Promise<WindowBounds | null> {
  const count = countOfWindow(inside, { last, from });
  if (count === 0) return null;
  const { rows } = await analytics.query({
    sql: `${timed(timeExpression(version, timeColumn))},
      inside as (select t from timed where ${insideOf}),
      first as (select min(t) as t from (select t from inside order by t desc limit ${count}))
      select first.t as first, (select count(*) from inside where t >= first.t) as found from first`,
    tables: { evaluated: source },
    parameters: [from ?? null, to ?? null],
  });
  const [{ first, found } = {}] = rows;
  return { from: Number(first), to: newest, rows: Number(found) };
}

/** The newest time, in the unit of a window's bounds; null where there is none. @throws evaluationColumnInvalid */
export async function findNewest(
  analytics: Pick<Analytics, 'columns'>,
  version: Named,
  source: TableSource,
  timeColumn: string,
): Promise<number | null> {
  const { values } = await analytics.columns({
    sql: `select max(${timeExpression(version, timeColumn)}) as t from learned`,
    tables: { learned: source },
  });
  const [newest = Number.NaN] = values[0] as Float64Array;
  return Number.isNaN(newest) ? null : newest;
}

/**
 * Read and checked by DuckDB, into memory that threads share: nothing is done for each row here.
 * @throws datasetColumnNotFound, evaluationColumnInvalid, evaluationValueMissing naming column, count and first row
 */
export async function readWindow(
  analytics: Pick<Analytics, 'query' | 'numbers'>,
  version: Named,
  source: TableSource,
  request: {
    readonly timeColumn: string;
    readonly bounds: WindowBounds;
    readonly columns: readonly string[];
  },
  signal?: AbortSignal,
): Promise<WindowTable> {
  const names = [...new Set(request.columns)];
  for (const name of names) assertNumeric(version, name);
  const places = names.map((_, i) => `c${i}`);
  const parts = names.map((name, i) => `cast(${quoteName(name)} as double) as c${i}`);
  const time = timeExpression(version, request.timeColumn);
  const inWindow = `with timed as (select ${[...parts, `${time} as t`].join(', ')}, row_number() over () as place from evaluated),
    judged as (select * from timed where t between $1 and $2)`;
  const asked = {
    tables: { evaluated: source },
    parameters: [request.bounds.from, request.bounds.to],
    ...(signal && { signal }),
  };
  const label = toTimeLabel(getType(version, request.timeColumn));
  await assertFinite(analytics, version, names, { asked, inWindow, label });
  const read = await analytics.numbers({
    ...asked,
    sql: `${inWindow} select ${[...places, 't'].join(', ')} from judged order by t, place`,
    rows: request.bounds.rows,
  });
  const times = read.at(-1)?.values ?? new Float64Array();
  const columns = new Map(names.map((name, i) => [name, read[i]?.values ?? new Float64Array()]));
  const [from = Number.NaN, to = Number.NaN] = [times.at(0), times.at(-1)];
  return { rows: times.length, from: label(from), to: label(to), times, columns };
}

function typesOf(version: Named): ColumnTypes {
  return new Map(version.columns.map(({ name, type }) => [name, type]));
}

function getType(version: Named, column: string): string {
  const type = typesOf(version).get(column);
  if (type) return type;
  const known = version.columns.map(({ name }) => name).join(', ');
  throw errors.datasetColumnNotFound({ reference: version.reference, column, known });
}

function assertNumeric(version: Named, column: string): void {
  const type = getType(version, column);
  if (numeric.has(type)) return;
  const reason = `holds ${type}, and numbers are needed`;
  throw errors.evaluationColumnInvalid({ dataset: version.reference, column, reason });
}

/** Microseconds fit a double exactly for the next two centuries. */
export function timeExpression(version: Named, column: string): string {
  const type = getType(version, column);
  if (calendar.has(type)) return `cast(epoch_us(cast(${quoteName(column)} as timestamp)) as double)`;
  if (type === 'integer' || type === 'double') return `cast(${quoteName(column)} as double)`;
  const reason = `holds ${type}, which is neither time nor number`;
  throw errors.evaluationColumnInvalid({ dataset: version.reference, column, reason });
}

async function parseBounds(
  analytics: Pick<Analytics, 'query'>,
  version: Named,
  column: string,
  texts: readonly (string | undefined)[],
): Promise<(number | undefined)[]> {
  if (texts.every((text) => text === undefined)) return texts.map(() => undefined);
  const read = calendar.has(getType(version, column))
    ? (i: number) => `cast(epoch_us(try_cast($${i} as timestamp)) as double)`
    : (i: number) => `try_cast($${i} as double)`;
  const { rows } = await analytics.query({
    sql: `select ${read(1)} as b0, ${read(2)} as b1`,
    parameters: texts.map((text) => text ?? null),
  });
  return texts.map((text, i) => {
    if (text === undefined) return undefined;
    const value = rows[0]?.[`b${i}`];
    if (typeof value === 'number') return value;
    const reason = `'${text.slice(0, 60)}' is no value of '${column}'`;
    throw errors.evaluationWindowInvalid({ dataset: version.reference, reason });
  });
}

async function assertFinite(
  analytics: Pick<Analytics, 'query'>,
  version: Named,
  columns: readonly string[],
  {
    asked,
    inWindow,
    label,
  }: {
    readonly asked: Omit<QueryRequest, 'sql'>;
    readonly inWindow: string;
    readonly label: (time: number) => string;
  },
): Promise<void> {
  const found = columns.map((_, i) => {
    const isBroken = `c${i} is null or not isfinite(c${i})`;
    return `count(*) filter (where ${isBroken}) as n${i}, min(t) filter (where ${isBroken}) as f${i}`;
  });
  const sql = `${inWindow} select ${['count(*) as total', ...found].join(', ')} from judged`;
  const [row = {}] = (await analytics.query({ ...asked, sql })).rows;
  for (const [i, column] of columns.entries()) {
    const rows = Number(row[`n${i}`]);
    if (rows === 0) continue;
    const first = label(Number(row[`f${i}`]));
    const total = Number(row.total);
    throw errors.evaluationValueMissing({ dataset: version.reference, column, rows, total, first });
  }
}

/** Words for a time as `timeExpression` gives it. */
export const toTimeLabel =
  (type: string) =>
  (time: number): string =>
    calendar.has(type) && Math.abs(time) <= 8.64e18
      ? new Date(time / 1000).toISOString().replace(/(T00:00:00)?\.000Z$/, '')
      : String(time);
