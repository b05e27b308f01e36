import type { DatasetVersion, Rederivation } from '@tidemill/sdk';
import type { Command } from 'commander';
import { readText } from '../../files.ts';
import { example } from '../../pages.ts';
import { repeated, toReference, toTextPairs } from '../../parse.ts';
import { sessionOf, setVerdict } from '../../session.ts';

/** Versions made from versions. */
export function addMakingCommands(datasets: Command): void {
  addDerive(datasets);
  addRederive(datasets);
  addFork(datasets);
}

interface DeriveOptions {
  sql?: string;
  file?: string;
  input?: string[];
  tag?: string;
  message?: string;
}

function addDerive(datasets: Command): void {
  const derive = datasets
    .command('derive <name>')
    .description('make a version by one SELECT over other versions; what it read is recorded')
    .option('--sql <select>', 'the select; `from prices` reads the latest, `from "prices@3"` that one')
    .option('--file <file>', 'read the select from a file; - is standard input')
    .option(
      '--input <name=version>',
      'read this version of a name the select leaves open; repeatable',
      repeated,
    )
    .option('--tag <tag>', 'point this tag at the version')
    .option('--message <text>', 'what it is and why')
    .action(async (name: string, options: DeriveOptions, command: Command) => {
      const session = sessionOf(command);
      const sql = options.sql ?? (await readText(options.file ?? '-'));
      const { tag, message, input } = options;
      const inputs = input && toTextPairs(input);
      const version = await session.client.datasets.derive({ name, sql, inputs, tag, message });
      session.show(version, describeMade);
    });
  example(
    derive,
    `datasets derive monthly --sql "select date_trunc('month', date)::date as month, avg(close) as mean from prices group by 1 order by 1"`,
  );
}

const describeMade = (version: DatasetVersion & { unchanged: boolean }): string => {
  const from = version.provenance.inputs.map((uri) => uri.replace(/^dataset:/, '')).join(', ');
  return version.unchanged
    ? `${version.reference} holds exactly this already: ${version.rows} rows.`
    : `${version.reference}: ${version.rows} rows, ${version.columns.length} columns${from && `, from ${from}`}`;
};

function addRederive(datasets: Command): void {
  const rederive = datasets
    .command('rederive <reference>')
    .description(
      'run the SQL of a derived version again on what it read then; exit code 2 if the rows are others',
    )
    .option('--latest', 'on the latest versions instead, as a new version')
    .action(async (reference: string, options: { latest?: boolean }, command: Command) => {
      const session = sessionOf(command);
      const found = await session.client.datasets.rederive({
        ...toReference(reference),
        latest: options.latest,
      });
      session.show(found, describeRederivation);
      if (!options.latest) setVerdict(found.hasSameRows);
    });
  example(rederive, 'datasets rederive monthly@2');
}

function describeRederivation({
  reference,
  isEqual,
  hasSameRows,
  committed,
  ...found
}: Rederivation): string {
  if (committed) return describeMade(committed);
  if (isEqual) return `${reference} comes out exactly the same: ${found.digest}.`;
  return hasSameRows
    ? `${reference} comes out with the same rows in another order. An ORDER BY in its SQL would fix the order.`
    : `${reference} comes out differently: ${found.rederived} instead of ${found.digest}.`;
}

function addFork(datasets: Command): void {
  const fork = datasets
    .command('fork <reference> <name>')
    .description('begin another line of versions with the rows of this one; onto its own name: go back to it')
    .option('--tag <tag>', 'point this tag at the new version')
    .option('--message <text>', 'what for')
    .action(
      async (from: string, name: string, options: { tag?: string; message?: string }, command: Command) => {
        const session = sessionOf(command);
        session.show(await session.client.datasets.fork({ name, from, ...options }), describeMade);
      },
    );
  example(fork, 'datasets fork prices@3 prices-cleaned');
}
