import type { ColumnProfile, TableFormat } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { writeDownload } from '../../files.ts';
import { example } from '../../pages.ts';
import { formatOf, tableFormats, toInteger, toNames, toReference } from '../../parse.ts';
import { type Session, sessionOf } from '../../session.ts';
import { formatBytes, tableLines } from '../../table.ts';

/** What one looks at in a dataset: profile, rows. */
export function addReadingCommands(datasets: Command): void {
  addProfile(datasets);
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
