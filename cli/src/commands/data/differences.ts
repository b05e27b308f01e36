import type { ChangeKind, ColumnChange, DatasetDiff, DiffRow, Row, TableFormat } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { writeDownload } from '../../files.ts';
import { example, listUpTo } from '../../pages.ts';
import { formatOf, toInteger, toNames, toTarget } from '../../parse.ts';
import { type Session, sessionOf } from '../../session.ts';
import { formatBytes, formatNumber, tableLines } from '../../table.ts';

interface DiffOptions {
  /** False is `--no-key`: whole rows, whatever the dataset was set to. */
  key?: string[] | false;
  kind?: ChangeKind;
  limit: number;
  columns: boolean;
  output?: string;
}

interface Compared {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly key?: string | undefined;
}

const kinds = ['added', 'removed', 'changed'];

export function addDiff(datasets: Command): void {
  const diff = datasets
    .command('diff <before> <after>')
    .description('what changed between two versions: rows by key, with old and new values, and each column')
    .option('--key <columns>', 'columns that name a row (default: those of `datasets set`)', toNames)
    .option('--no-key', 'compare whole rows')
    .addOption(
      new Option('--kind <kind>', 'only the rows of this kind of change, as many as --limit').choices(kinds),
    )
    .option('--limit <rows>', 'rows shown per kind of change', toInteger, 10)
    .option('--no-columns', 'leave out how each column changed')
    .option(
      '-o, --output <file>',
      'write the rows that differ here, with both values: changes.parquet, changes.csv',
    )
    .action(async (before: string, after: string, options: DiffOptions, command: Command) => {
      const session = sessionOf(command);
      const compared = toCompared(before, after, options.key);
      if (options.output !== undefined) return exportRows(session, compared, options.output, options.kind);
      if (options.kind) return showRows(session, compared, options.kind, options.limit);
      const found = await session.client.datasets.diff({ ...compared, limit: options.limit });
      const { columns } = options.columns
        ? await session.client.datasets.diffColumns(compared)
        : { columns: [] };
      session.show({ ...found, columns }, describeDiff);
    });
  example(diff, 'datasets diff prices@1 prices@2 --key symbol,date');
}

/** `<after>` may be a version alone, the dataset's own name for its latest, or a version of another, such as a fork. */
function toCompared(before: string, after: string, key: string[] | false | undefined): Compared {
  const from = toTarget(before);
  const isTarget = after.includes('@') || after === from.name;
  const to = isTarget ? toTarget(after) : { name: from.name, version: after };
  return {
    name: from.name,
    from: from.version ?? 'latest',
    to: to.name === from.name ? (to.version ?? 'latest') : `${to.name}@${to.version ?? 'latest'}`,
    ...(key !== undefined && { key: key === false ? '' : key.join(',') }),
  };
}

async function exportRows(
  session: Session,
  compared: Compared,
  output: string,
  kind: ChangeKind | undefined,
): Promise<void> {
  const format: TableFormat = output === '-' ? 'csv' : formatOf(output);
  const download = await session.client.datasets.exportDiff({ ...compared, format, kind });
  const size = await writeDownload(download, output);
  if (output !== '-') session.say(`Wrote ${output}, ${formatBytes(size)}.`);
}

async function showRows(
  session: Session,
  compared: Compared,
  kind: ChangeKind,
  limit: number,
): Promise<void> {
  const rows = await listUpTo(limit, (page) =>
    session.client.datasets.diffRows({ ...compared, kind, ...page }),
  );
  session.show(rows, (found) =>
    found.length === 0 ? `No row was ${kind}.` : rowLines(found.map((row) => shownRow(row))),
  );
}

/** Of a changed row its key, and `191.2 -> 191.4` for each column whose value differs. */
function shownRow({
  key,
  before,
  after,
  changed,
}: Pick<DiffRow, 'key' | 'before' | 'after' | 'changed'>): Row {
  if (!before || !after) return after ?? before ?? {};
  return {
    ...key,
    ...Object.fromEntries(changed.map((name) => [name, `${before[name] ?? '–'} -> ${after[name] ?? '–'}`])),
  };
}

function rowLines(rows: readonly Row[]): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return tableLines(rows, Object.fromEntries(names.map((name) => [name, (row: Row) => row[name]])));
}

function describeDiff(diff: DatasetDiff & { columns: readonly ColumnChange[] }): string[] {
  const by = diff.key.length > 0 ? `by ${diff.key.join(', ')}` : 'as whole rows';
  return [
    `${diff.from} -> ${diff.to}: +${diff.added} rows, -${diff.removed} rows, ${diff.changed} changed (${diff.rowsBefore} -> ${diff.rowsAfter}), ${by}`,
    ...diff.columnsAdded.map((name) => `column added: ${name}`),
    ...diff.columnsRemoved.map((name) => `column removed: ${name}`),
    ...diff.columnsRetyped.map((c) => `column retyped: ${c.name} from ${c.before} to ${c.after}`),
    ...columnLines(diff.columns),
    ...sampleLines(diff, 'added', diff.sample.added),
    ...sampleLines(diff, 'removed', diff.sample.removed),
    ...sampleLines(
      diff,
      'changed',
      diff.sample.changed.map((row) => shownRow({ ...row, changed: changedNames(row.before, row.after) })),
    ),
  ];
}

const changedNames = (before: Row, after: Row): string[] =>
  Object.keys(after).filter((name) => name in before && before[name] !== after[name]);

function sampleLines(diff: DatasetDiff, kind: ChangeKind, rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const count = diff[kind];
  const more = `… ${count - rows.length} more: tidemill datasets diff ${diff.from} ${diff.to} --kind ${kind} --limit ${count}`;
  return ['', `${kind}:`, ...rowLines(rows), ...(count > rows.length ? [more] : [])];
}

const movedAbove = 0.001;

/** Columns that did not move are not shown. */
function columnLines(columns: readonly ColumnChange[]): string[] {
  const moved = columns.filter(
    ({ changedRows, distribution: d }) =>
      changedRows > 0 || (d && (d.nulls.before !== d.nulls.after || (d.distance ?? 0) > movedAbove)),
  );
  if (moved.length === 0) return [];
  const isSampled = moved.some(({ distribution }) => distribution?.approximate);
  return [
    '',
    ...tableLines(moved, {
      column: (c) => c.column,
      'changed in': (c) => c.changedRows,
      nulls: ({ distribution: d }) => d && toward(d.nulls.before, d.nulls.after),
      mean: ({ distribution: d }) => d?.mean && toward(d.mean.before, d.mean.after),
      median: ({ distribution: d }) =>
        d?.quantiles && toward(middle(d.quantiles.before), middle(d.quantiles.after)),
      psi: ({ distribution: d }) => rounded(d?.psi),
      distance: ({ distribution: d }) => rounded(d?.distance),
    }),
    ...(isSampled ? ['medians, psi and distances are those of a sample of the rows'] : []),
  ];
}

type Cell = string | number | boolean | null;

const middle = (quantiles: readonly Cell[]): Cell => quantiles[(quantiles.length - 1) / 2] ?? null;
const rounded = (value: number | null | undefined): number | null =>
  value == null ? null : Number(value.toFixed(4));
const text = (value: Cell): string =>
  typeof value === 'number' ? formatNumber(value) : String(value ?? '–');
const toward = (before: Cell, after: Cell): string =>
  text(before) === text(after) ? text(before) : `${text(before)} -> ${text(after)}`;
