import type { DatasetVersion, Split, TableFormat } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { openContent } from '../../files.ts';
import { keptWarnings, warningText } from '../../import-warnings.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import {
  datasetNameOf,
  dateFormatHelp,
  repeated,
  sentFormatOf,
  tableFormats,
  toNames,
  toReference,
  toTextPairs,
} from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatBytes, formatTime, tableLines } from '../../table.ts';
import { addDiff } from './differences.ts';
import { addVerify } from './integrity.ts';
import { addMakingCommands } from './making.ts';
import { addReadingCommands } from './reading.ts';
import { addDelete, addSet, addTags } from './settings.ts';
import { addSplits } from './splits.ts';
import { addValidationCommands } from './validation.ts';

export function addDatasetsCommands(program: Command): void {
  const datasets = program.command('datasets').description('tables, in versions that never change');
  datasets.commandsGroup('Versions:');
  addCommit(datasets);
  addLists(datasets);
  addTags(datasets);
  addSet(datasets);
  datasets.commandsGroup('Look at them:');
  addReadingCommands(datasets);
  addDiff(datasets);
  datasets.commandsGroup('Make versions from versions:');
  addMakingCommands(datasets);
  addSplits(datasets);
  datasets.commandsGroup('Say what they must be:');
  addValidationCommands(datasets);
  datasets.commandsGroup('Keep them in order:');
  addVerify(datasets);
  addDelete(datasets);
}

interface CommitOptions {
  name?: string;
  format?: TableFormat;
  append?: boolean;
  upsert?: boolean;
  key?: string;
  mapping?: string[];
  dateFormat?: string[];
  tag?: string;
  message?: string;
}

function addCommit(datasets: Command): void {
  const commit = datasets
    .command('commit <file>')
    .description(
      'commit a file as a new version (- is standard input); equal content gives the version that is there',
    )
    .option('--name <dataset>', 'default: from the file name')
    .addOption(new Option('--format <format>', 'default: from the file name').choices(tableFormats))
    .addOption(new Option('--append', 'add the rows to those of the latest version').conflicts('upsert'))
    .option('--upsert', 'replace the rows of the same key in the latest version, add the others')
    .option('--key <columns>', 'for --upsert, the columns that name a row: symbol,date')
    .option('--mapping <ours=theirs,…>', 'rename columns: date=Date,close=Close/Last', toNames)
    .option('--date-format <format>', dateFormatHelp, repeated)
    .option('--tag <tag>', 'point this tag at the version')
    .option('--message <text>', 'what changed and why')
    .action(async (file: string, options: CommitOptions, command: Command) => {
      const session = sessionOf(command);
      const format = options.format ?? sentFormatOf(file);
      const name = options.name ?? datasetNameOf(file);
      // A pair without `=` is refused here, before a large file is sent.
      toTextPairs(options.mapping ?? []);
      const content = await openContent(file, session.say);
      const version = await session.client.datasets.commit({
        name,
        format,
        content,
        mode: modeOf(options),
        key: options.key,
        mapping: options.mapping?.join(','),
        dateFormat: options.dateFormat?.join(','),
        tag: options.tag,
        message: options.message,
      });
      session.show(version, describeCommit);
      for (const warning of version.warnings ?? []) session.say(warningText(warning));
    });
  example(commit, 'datasets commit prices.csv --mapping date=Date,close=Close --message "to August"');
}

function modeOf({ append, upsert }: CommitOptions): 'append' | 'upsert' | undefined {
  if (append) return 'append';
  return upsert ? 'upsert' : undefined;
}

const describeCommit = (version: DatasetVersion & { unchanged: boolean }) =>
  version.unchanged
    ? `${version.reference} holds exactly this already: ${version.rows} rows.`
    : `${version.reference}: ${version.rows} rows, ${version.columns.length} columns, ${formatBytes(version.bytes)}${warningOf(version)}`;

const warningOf = ({ validation, reference }: DatasetVersion): string =>
  validation === 'warned'
    ? `\nIt is not all that is expected of it: tidemill datasets validations ${reference} lists what was found.`
    : '';

function addLists(datasets: Command): void {
  const list = datasets
    .command('list')
    .description('all datasets, or those that came to be in one way')
    .option(
      '--made-by <kind>',
      'how the latest version was made: upload, source, push, sql, fork, split, training-set',
    )
    .addOption(limitOption())
    .action(async (options: Limited & { madeBy?: string }, command: Command) => {
      const session = sessionOf(command);
      const { limit, madeBy } = options;
      const items = await listUpTo(limit, (page) => session.client.datasets.list({ madeBy, ...page }));
      session.list(
        items,
        {
          name: (d) => d.name,
          latest: (d) => `${d.name}@${d.latestVersion}`,
          rows: (d) => d.rows,
          'made by': (d) => d.madeBy,
          updated: (d) => formatTime(d.updatedAt),
          description: (d) => d.description,
        },
        madeBy === undefined
          ? 'No datasets. Commit one: tidemill datasets commit prices.csv'
          : `No dataset whose latest version was made by ${madeBy}.`,
      );
    });
  example(list, 'datasets list --json');
  const versions = datasets
    .command('versions <name>')
    .description('the versions of a dataset, newest first')
    .addOption(limitOption())
    .action(async (name: string, options: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(options.limit, (page) =>
        session.client.datasets.listVersions({ name, ...page }),
      );
      session.list(
        items,
        {
          reference: (v) => v.reference,
          rows: (v) => v.rows,
          size: (v) => formatBytes(v.bytes),
          tags: (v) => v.tags.join(' ') || null,
          validation: (v) => (v.validation === 'none' ? null : v.validation),
          by: (v) => v.createdBy,
          created: (v) => formatTime(v.createdAt),
          message: (v) => v.message,
        },
        `${name} has no versions.`,
      );
    });
  example(versions, 'datasets versions prices');
  const show = datasets
    .command('show <reference>')
    .description('one version: schema, size, where it came from')
    .action(async (reference: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const version = await session.client.datasets.getVersion(toReference(reference));
      const { items } = await session.client.datasets.listSplits({
        name: version.dataset,
        version: String(version.version),
      });
      session.show({ ...version, splits: items }, describeVersion);
    });
  example(show, 'datasets show prices@2');
}

const addedBy = ({ storedBytes }: DatasetVersion): string =>
  storedBytes === null ? '' : `, of which its commit added ${formatBytes(storedBytes)}`;

const describeVersion = (version: DatasetVersion & { splits: readonly Split[] }) => [
  `${version.reference}  ${version.rows} rows, ${formatBytes(version.bytes)} in ${version.chunks} chunks${addedBy(version)}`,
  `digest   ${version.digest}`,
  `created  ${formatTime(version.createdAt)} by ${version.createdBy}`,
  `made by  ${[version.provenance.kind, ...version.provenance.inputs].join(' ')}`,
  ...(version.parent === null ? [] : [`after    ${version.dataset}@${version.parent}`]),
  ...(version.tags.length > 0 ? [`tags     ${version.tags.join(' ')}`] : []),
  ...(version.validation === 'none' ? [] : [`found    ${version.validation} by its expectations`]),
  ...version.splits.map(({ name, parts }) => `split    ${name}: ${parts.map((p) => p.reference).join(' ')}`),
  ...(version.message ? [`message  ${version.message}`] : []),
  ...keptWarnings(version).map(warningText),
  '',
  ...tableLines(version.columns, { column: (c) => c.name, type: (c) => c.type }),
];
