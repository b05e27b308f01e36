import type { ColumnProfile, DatasetDiff, Row, TableFormat } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { writeDownload } from '../../files.ts';
import { example } from '../../pages.ts';
import { formatOf, tableFormats, toInteger, toNames, toReference } from '../../parse.ts';
import { type Session, sessionOf } from '../../session.ts';
import { formatBytes, tableLines } from '../../table.ts';

/** What one looks at in a dataset: profile, difference, rows. */
export function addReadingCommands(datasets: Command): void {
  addProfile(datasets);
  addDiff(datasets);
  addRead(datasets);
}

function addProfile(datasets: Command): void {
  const profile = datasets
    .command('profile <reference>')
    .description('a plain profile of every column')
    .action(async (reference: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.profiling.get(toReference(reference)), (found) => [
        `${found.reference}: ${found.rows} rows`,
        '',
        ...tableLines(found.columns, {
          column: (c) => c.column,
          type: (c) => c.type,
          nulls: (c) => c.nulls,
          distinct: (c) => c.distinct,
          minimum: (c) => c.minimum,
          median: (c) => c.quartiles?.[1] ?? null,
          maximum: (c) => c.maximum,
          mean: (c) => c.mean,
          deviation: (c) => c.standardDeviation,
          'most frequent': topOf,
        }),
      ]);
    });
  example(profile, 'datasets profile prices@latest');
}

const topOf = (column: ColumnProfile): string | null => {
  const [first] = column.top ?? [];
  return first && first.count > 1 ? `${first.value.slice(0, 30)} (${first.count})` : null;
};

interface DiffOptions {
  key?: string[];
  limit?: number;
}

function addDiff(datasets: Command): void {
  const diff = datasets
    .command('diff <before> <after>')
    .description('what changed between two versions of a dataset; <after> may be a version alone')
    .option('--key <columns>', 'columns that name a row; without it whole rows are compared', toNames)
    .option('--limit <rows>', 'sample rows per kind of change', toInteger)
    .action(async (before: string, after: string, options: DiffOptions, command: Command) => {
      const session = sessionOf(command);
      const from = toReference(before);
      const to = after.includes('@') ? toReference(after).version : after;
      const found = await session.client.datasets.diff({
        name: from.name,
        from: from.version,
        to,
        key: options.key?.join(','),
        limit: options.limit,
      });
      session.show(found, describeDiff);
    });
  example(diff, 'datasets diff prices@1 prices@2 --key symbol,date');
}

function describeDiff(diff: DatasetDiff): string[] {
  const columns = [
    ...diff.columnsAdded.map((name) => `column added: ${name}`),
    ...diff.columnsRemoved.map((name) => `column removed: ${name}`),
    ...diff.columnsRetyped.map((c) => `column retyped: ${c.name} from ${c.before} to ${c.after}`),
  ];
  return [
    `${diff.from} -> ${diff.to}: +${diff.added} rows, -${diff.removed} rows, ${diff.changed} changed (${diff.rowsBefore} -> ${diff.rowsAfter})`,
    ...columns,
    ...sampleLines('added', diff.sample.added),
    ...sampleLines('removed', diff.sample.removed),
    ...sampleLines(
      'changed',
      diff.sample.changed.map(({ key, before, after }) => ({ ...key, ...changesOf(before, after) })),
    ),
  ];
}

/** `191.2 -> 191.4` for each column whose value differs. */
const changesOf = (before: Row, after: Row): Row =>
  Object.fromEntries(
    Object.keys({ ...before, ...after })
      .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
      .map((name) => [name, `${before[name] ?? '–'} -> ${after[name] ?? '–'}`]),
  );

function sampleLines(title: string, rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = Object.fromEntries(names.map((name) => [name, (row: Row) => row[name]]));
  return ['', `${title}:`, ...tableLines(rows, columns)];
}

interface ReadOptions {
  format?: TableFormat;
  columns?: string[];
  limit?: number;
  offset?: number;
  output?: string;
}

function addRead(datasets: Command): void {
  const read = datasets
    .command('read <reference>')
    .description('the rows, to a file or to standard output')
    .addOption(new Option('--format <format>', 'default: from -o, else csv').choices(tableFormats))
    .option('--columns <names>', 'only these, comma-separated', toNames)
    .option('--limit <rows>', 'at most so many', toInteger)
    .option('--offset <rows>', 'leave out so many first', toInteger)
    .option('-o, --output <file>', 'write here; - is standard output', '-')
    .action(async (reference: string, options: ReadOptions, command: Command) => {
      await readRows(sessionOf(command), reference, options);
    });
  example(read, 'datasets read prices@2 -o prices.parquet');
}

async function readRows(session: Session, reference: string, options: ReadOptions): Promise<void> {
  const output = options.output ?? '-';
  const download = await session.client.datasets.read({
    ...toReference(reference),
    format: options.format ?? formatFor(output, session.json),
    columns: options.columns?.join(','),
    limit: options.limit,
    offset: options.offset,
  });
  const size = await writeDownload(download, output);
  if (output !== '-') session.say(`Wrote ${output}, ${formatBytes(size)}.`);
}

function formatFor(output: string, wantsJson: boolean): TableFormat {
  if (output !== '-') return formatOf(output);
  return wantsJson ? 'json' : 'csv';
}
