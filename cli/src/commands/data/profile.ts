import type { ColumnDrift, ColumnProfile, Profile, ProfileComparison, ProfileWarning } from '@tidemill/sdk';
import type { Command } from 'commander';
import { writeDownload } from '../../files.ts';
import { example } from '../../pages.ts';
import { toReference } from '../../parse.ts';
import { type Session, sessionOf } from '../../session.ts';
import { formatBytes, tableLines } from '../../table.ts';

interface ProfileOptions {
  html?: string;
  compare?: string;
  time?: string;
}

export function addProfileCommand(datasets: Command): void {
  const profile = datasets
    .command('profile <reference>')
    .description('what every column holds, what hangs together and what is wrong')
    .option('--html <file>', 'write a page with charts that needs nothing else (- is standard output)')
    .option('--compare <reference>', 'put this version beside it, as the one before: prices@2, or 2')
    .option('--time <column>', 'the column that orders the rows as a series; default: found by itself')
    .action(async (reference: string, options: ProfileOptions, command: Command) => {
      const session = sessionOf(command);
      if (options.html !== undefined) return writeReport(session, reference, options.html, options);
      const asked = { ...toReference(reference), time: options.time };
      if (options.compare === undefined)
        return session.show(await session.client.profiling.get(asked), describeProfile);
      const comparison = await session.client.profiling.compare({ ...asked, with: options.compare });
      session.show(comparison, describeComparison);
    });
  example(profile, 'datasets profile prices@3 --html prices.html');
}

async function writeReport(
  session: Session,
  reference: string,
  file: string,
  { compare, time }: ProfileOptions,
): Promise<void> {
  const asked = { ...toReference(reference), time, with: compare };
  const size = await writeDownload(await session.client.profiling.report(asked), file);
  if (file !== '-') session.say(`Wrote ${file}, ${formatBytes(size)}.`);
}

const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;
const shownColumns = 200;
const shownWarnings = 20;

function describeProfile(found: Profile): string[] {
  const { rows, columns, duplicates, warnings, leftOut } = found;
  const missing = found.cells === 0 ? 0 : found.missingCells / found.cells;
  const repeated = duplicates ? `, ${duplicates.rows} rows repeat another` : '';
  const hidden = columns.length - shownColumns;
  return [
    `${found.reference}: ${rows} rows, ${columns.length} columns, ${percent(missing)} of the cells missing${repeated}`,
    '',
    ...tableLines(columns.slice(0, shownColumns), {
      column: (c) => c.column,
      kind: (c) => c.kind,
      nulls: (c) => c.nulls,
      distinct: (c) => c.distinct,
      minimum: (c) => cut(c.minimum),
      median: (c) => c.quartiles?.[1] ?? null,
      maximum: (c) => cut(c.maximum),
      mean: (c) => c.mean,
      deviation: (c) => c.standardDeviation,
      'most frequent': topOf,
    }),
    ...(hidden > 0 ? [`… and ${hidden} more columns (--json has them)`] : []),
    ...warningLines('warnings', warnings),
    ...(leftOut.length > 0 ? ['', ...leftOut.map((text) => `left out: ${text}`)] : []),
  ];
}

const cut = (value: number | string | null): number | string | null =>
  typeof value === 'string' ? value.slice(0, 30) : value;

const topOf = (column: ColumnProfile): string | null => {
  const [first] = column.top ?? [];
  return first && first.count > 1 ? `${first.value.slice(0, 30)} (${first.count})` : null;
};

function warningLines(title: string, warnings: readonly ProfileWarning[]): string[] {
  if (warnings.length === 0) return [];
  const hidden = warnings.length - shownWarnings;
  return [
    '',
    `${title}:`,
    ...warnings.slice(0, shownWarnings).map(({ severity, message }) => `${severity.padEnd(6)}  ${message}`),
    ...(hidden > 0 ? [`… and ${hidden} more (--json has them)`] : []),
  ];
}

function describeComparison(comparison: ProfileComparison): string[] {
  const { before, after, columns, warningsAdded, warningsGone } = comparison;
  const means = (side: Profile) => new Map(side.columns.map(({ column, mean }) => [column, mean]));
  const [old, fresh] = [means(before), means(after)];
  return [
    `${before.reference} -> ${after.reference}: ${before.rows} -> ${after.rows} rows`,
    '',
    ...tableLines(columns.slice(0, shownColumns), {
      column: (c) => c.column,
      change: (c) => c.change,
      type: typesOf,
      'mean before': (c) => old.get(c.column) ?? null,
      'mean after': (c) => fresh.get(c.column) ?? null,
      missing: missingOf,
      psi: (c) => c.psi,
      ks: (c) => c.ks?.statistic ?? null,
      drift: (c) => c.drift,
    }),
    ...warningLines('new warnings', warningsAdded),
    ...warningLines('warnings that are gone', warningsGone),
  ];
}

const typesOf = ({ typeBefore, typeAfter }: ColumnDrift): string =>
  [...new Set([typeBefore, typeAfter])].filter((type) => type !== null).join(' -> ');

const missingOf = ({ nullsBefore, nullsAfter }: ColumnDrift): string =>
  [...new Set([nullsBefore, nullsAfter].map((share) => (share === null ? '–' : percent(share))))].join(
    ' -> ',
  );
