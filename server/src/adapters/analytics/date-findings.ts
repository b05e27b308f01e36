import type { DuckDBConnection } from '@duckdb/node-api';
import type { ImportRequest, ImportWarning } from './analytics.ts';
import { canBeMistaken, formatsOfShape, mayBeDate, shapeSql } from './date-shapes.ts';
import { objects, type Reader } from './import-source.ts';
import type { Settled } from './import-types.ts';
import { quoteList, quoteName, quoteText } from './sql-text.ts';
import { dateBy, presentValue } from './text-readings.ts';

/** Values looked at, of all columns together; of each column a thousand at most and twenty at least. */
const sampleValues = 100_000;
/** Of the values that are there: below it the column is text in which dates occur. */
const leastShare = 0.8;
/** As many ways to write a date as are told apart. */
const mostFormats = 8;
const mostShapes = 200;

interface Written {
  readonly paths: readonly string[];
  readonly reader: Reader;
  readonly settled: readonly Settled[];
}

/** Values that fit just these formats. */
interface Group {
  readonly formats: readonly string[];
  readonly values: number;
  readonly row: number;
  readonly example: string;
}

/**
 * What a user would want to know of dates in a file that was just written: columns that stayed text though they hold
 * dates, and dates that fit two of the formats given. Looks at a sample first, and further only where it shows dates.
 */
export async function findDateWarnings(
  connection: DuckDBConnection,
  request: ImportRequest,
  written: Written,
): Promise<ImportWarning[]> {
  const warnings: ImportWarning[] = [];
  for (const name of await suspects(connection, request, written)) {
    const from = `read_parquet(${quoteList(written.paths)})`;
    const groups = await groupsOf(connection, {
      from,
      column: name,
      formats: await formatsIn(connection, from, name),
    });
    const warning = await textWarning(connection, written, name, groups);
    if (warning) warnings.push(warning);
  }
  for (const { column } of written.settled) {
    const formats = request.dateFormats?.[column.name] ?? [];
    if (!canBeMistaken(formats)) continue;
    const groups = await groupsOf(connection, { from: written.reader.sql, column: column.source, formats });
    const warning = await mistakeWarning(connection, written, column.name, groups);
    if (warning) warnings.push(warning);
  }
  return warnings;
}

/** All text columns at once and one below the other: a select of thousands of counts is slow to plan. */
async function suspects(
  connection: DuckDBConnection,
  { types }: ImportRequest,
  { paths, settled }: Written,
): Promise<string[]> {
  const names = settled
    .filter(({ type, column }) => type === 'text' && types?.[column.name] !== 'text')
    .map(({ column }) => column.name);
  if (names.length === 0) return [];
  const columns = names.map(quoteName).join(', ');
  const sampleRows = Math.min(1000, Math.max(20, Math.ceil(sampleValues / names.length)));
  const rows = `select unnest([${columns}]) as v, unnest(range(${names.length})) as k from (select ${columns} from read_parquet(${quoteList(paths)}) limit ${sampleRows})`;
  const found = await objects(
    connection,
    `select k::integer as k from (select k, ${presentValue('v')} as v from (${rows})) where v is not null group by k
      having count(*) filter (where regexp_full_match(v, ${quoteText(mayBeDate)})) >= ${leastShare} * count(*) order by k`,
  );
  return found.flatMap(({ k }) => names[Number(k)] ?? []);
}

/** The formats that the shapes of all values allow, the most frequent first. */
async function formatsIn(connection: DuckDBConnection, from: string, column: string): Promise<string[]> {
  const shapes = await objects(
    connection,
    `select ${shapeSql('v')} as shape, count(*)::double as n from (select ${presentValue(quoteName(column))} as v from ${from})
      where v is not null group by 1 order by n desc, shape limit ${mostShapes}`,
  );
  return [...new Set(shapes.flatMap(({ shape }) => formatsOfShape(String(shape))))].slice(0, mostFormats);
}

interface Question {
  readonly from: string;
  readonly column: string;
  readonly formats: readonly string[];
}

async function groupsOf(connection: DuckDBConnection, { from, column, formats }: Question): Promise<Group[]> {
  if (formats.length === 0) return [];
  const bits = formats.map((format, i) => `(${dateBy('v', format)} is not null)::integer * ${2 ** i}`);
  const rows = `select row_number() over () as row, ${presentValue(quoteName(column))} as v from ${from}`;
  const found = await objects(
    connection,
    `select mask::integer as mask, count(*)::double as n, min(row)::double as row, arg_min(v, row) as example
      from (select row, v, ${bits.join(' + ')} as mask from (${rows}) where v is not null) group by mask order by row`,
  );
  return found.map(({ mask, n, row, example }) => ({
    formats: formats.filter((_, i) => (Number(mask) & (2 ** i)) !== 0),
    values: Number(n),
    row: Number(row),
    example: String(example),
  }));
}

/** Values that fit two formats are told by those that fit only one of the two. */
function decided(groups: readonly Group[]): Group[] {
  const sure = new Set(groups.flatMap(({ formats }) => (formats.length === 1 ? formats : [])));
  const merged = new Map<string, Group>();
  for (const group of groups) {
    const known = group.formats.filter((format) => sure.has(format));
    const formats = known.length === 1 ? known : group.formats;
    const before = merged.get(formats.join('|'));
    merged.set(formats.join('|'), {
      ...(before ?? group),
      formats,
      values: group.values + (before?.values ?? 0),
    });
  }
  return [...merged.values()];
}

async function textWarning(
  connection: DuckDBConnection,
  written: Written,
  column: string,
  all: readonly Group[],
): Promise<ImportWarning | null> {
  const groups = decided(all);
  const dates = groups.filter(({ formats }) => formats.length > 0);
  const count = (list: readonly Group[]) => list.reduce((sum, { values }) => sum + values, 0);
  if (dates.length === 0 || count(dates) < leastShare * count(groups)) return null;
  const parts: string[] = [];
  for (const group of groups) parts.push(await groupText(connection, written, group));
  const open = dates.some(({ formats }) => formats.length > 1);
  const formats = [...new Set(dates.flatMap((group) => group.formats))];
  const stated = open && dates.length === 1 ? formats.slice(0, 1) : formats;
  const others = groups.find((group) => group.formats.length === 0);
  return {
    column,
    message: `It holds dates and stays text: ${parts.join('; ')}.${open ? ' No value tells the day from the month where both fit, so none was assumed.' : ''}`,
    remedy: `Make them dates with --date-format '${column}=${stated.join('|')}'${
      open
        ? `, the day ${stated[0]?.startsWith('%m') ? 'second' : 'first'}, or with the format turned round`
        : ''
    }${others ? ', after correcting or emptying the values that are none' : ''} (dateFormat by HTTP)`,
  };
}

async function groupText(
  connection: DuckDBConnection,
  written: Written,
  { formats, values, row, example }: Group,
): Promise<string> {
  const place = await placeOf(connection, written, row);
  const kind = formats.length === 0 ? 'no date' : `as ${formats.join(' or ')}`;
  return `${values} ${values === 1 ? 'value' : 'values'} ${kind} (${place}: '${example.slice(0, 60)}')`;
}

async function mistakeWarning(
  connection: DuckDBConnection,
  written: Written,
  column: string,
  groups: readonly Group[],
): Promise<ImportWarning | null> {
  const both = groups.filter(({ formats }) => formats.length > 1);
  const [first] = both;
  if (!first) return null;
  const values = both.reduce((sum, each) => sum + each.values, 0);
  const [taken, ...others] = first.formats;
  const place = await placeOf(connection, written, first.row);
  return {
    column,
    message: `${values} ${values === 1 ? 'value fits' : 'values fit'} more than one of its formats and ${values === 1 ? 'was' : 'were'} read by the first, ${taken} rather than ${others.join(' or ')} (${place}: '${first.example.slice(0, 60)}').`,
    remedy: `If the other is meant, put it first: --date-format '${column}=${[...others, taken].join('|')}'`,
  };
}

/** Where a row begins in the file; line breaks within values before it count. */
async function placeOf(
  connection: DuckDBConnection,
  { paths, reader, settled }: Written,
  row: number,
): Promise<string> {
  if (!reader.header) return `row ${row}`;
  const breaks = settled
    .filter(({ type }) => type === 'text')
    .map(({ column }) => quoteName(column.name))
    .map((name) => `coalesce(length(${name}) - length(replace(${name}, chr(10), '')), 0)`);
  const [before = {}] = await objects(
    connection,
    `select coalesce(sum(list_sum([0, ${breaks.join(', ')}])), 0)::double as n from (select * from read_parquet(${quoteList(paths)}) limit ${row - 1})`,
  );
  return `line ${reader.header.lines + row + Number(before.n)}`;
}
