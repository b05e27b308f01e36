import type { ReadFormat } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { writeDownload } from '../../files.ts';
import { example } from '../../pages.ts';
import { readFormatOf, readFormats, toInteger, toNames, toReference } from '../../parse.ts';
import { downloadFile } from '../../resumable-download.ts';
import { type Session, sessionOf } from '../../session.ts';
import { formatBytes } from '../../table.ts';
import { addProfileCommand } from './profile.ts';

/** What one looks at in a dataset: profile, rows. */
export function addReadingCommands(datasets: Command): void {
  addProfileCommand(datasets);
  addRead(datasets);
  addDownload(datasets);
}

interface ReadOptions {
  format?: ReadFormat;
  columns?: string[];
  where?: string;
  limit?: number;
  offset?: number;
  output?: string;
}

/** What chooses rows and columns of a version. */
const withSelection = (command: Command): Command =>
  command
    .addOption(new Option('--format <format>', 'default: from -o').choices(readFormats))
    .option('--columns <names>', 'only these, comma-separated', toNames)
    .option('--where <condition>', 'only rows of which this SQL is true: "close > 100"')
    .option('--limit <rows>', 'at most so many', toInteger)
    .option('--offset <rows>', 'leave out so many first', toInteger);

function addRead(datasets: Command): void {
  const read = withSelection(datasets.command('read <reference>'))
    .description('the rows, to a file or to standard output (there as csv)')
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
    where: options.where,
    limit: options.limit,
    offset: options.offset,
  });
  const size = await writeDownload(download, output);
  if (output !== '-') session.say(`Wrote ${output}, ${formatBytes(size)}.`);
}

function formatFor(output: string, wantsJson: boolean): ReadFormat {
  if (output !== '-') return readFormatOf(output);
  return wantsJson ? 'json' : 'csv';
}

function addDownload(datasets: Command): void {
  const download = withSelection(datasets.command('download <reference>'))
    .description('a version as a file; what is there of a broken download is not fetched again')
    .option('-o, --output <file>', 'default: prices-3.parquet')
    .action(async (reference: string, options: ReadOptions, command: Command) => {
      const session = sessionOf(command);
      // Its number, so that all parts are of one version whatever is committed meanwhile.
      const { dataset, version } = await session.client.datasets.getVersion(toReference(reference));
      const output = options.output ?? `${dataset}-${version}.${options.format ?? 'parquet'}`;
      const input = {
        name: dataset,
        version: String(version),
        format: options.format ?? readFormatOf(output),
        columns: options.columns?.join(','),
        where: options.where,
        limit: options.limit,
        offset: options.offset,
      };
      const fetched = await downloadFile(output, {
        open: (from) => session.client.datasets.read(input, from && { from }),
        say: session.say,
      });
      const shown = { reference: `${dataset}@${version}`, file: output, ...fetched };
      session.show(shown, ({ bytes, resumedAt }) => {
        const again = resumedAt > 0 ? `, ${formatBytes(resumedAt)} of it from before` : '';
        return `Wrote ${output}, ${formatBytes(bytes)}${again}.`;
      });
    });
  example(download, 'datasets download prices@3 -o prices.parquet');
}
