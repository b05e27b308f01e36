import type { RunDiff } from '@tidemill/sdk';
import type { Command } from 'commander';
import { example } from '../../pages.ts';
import { sessionOf } from '../../session.ts';
import { tableLines } from '../../table.ts';

export function addDiffCommand(runs: Command): void {
  const diff = runs
    .command('diff <a> <b>')
    .description('what tells two runs apart: parameters, metrics, data, code, packages, tags')
    .option('--all', 'also what is equal')
    .action(async (a: string, b: string, options: { all?: boolean }, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.experiments.diffRuns({ a, b, ...options }), describeDiff);
    });
  example(diff, 'runs diff 4f0c9f0e4d0b4d0a8f8e5c1d2b3a4f50 914e6572e2e1b96f6189eb432343fe24');
}

interface Row {
  readonly key: string;
  readonly a: unknown;
  readonly b: unknown;
  readonly difference?: unknown;
}

function describeDiff(diff: RunDiff): string[] {
  const { parameters, metrics, data, code, packages, tags } = diff;
  return [
    `a  ${diff.a.name}  ${diff.a.status}  run:${diff.a.id}`,
    `b  ${diff.b.name}  ${diff.b.status}  run:${diff.b.id}`,
    ...section('parameters', parameters),
    ...section('metrics', metrics),
    ...section('data', {
      entries: data.entries.map(({ name, a, b }) => ({ key: name, a: nameData(a), b: nameData(b) })),
      equal: data.equal,
    }),
    ...section('code', code),
    ...gitLines(diff),
    ...section('packages', packages),
    ...section('tags', tags),
  ];
}

function section(title: string, { entries, equal }: { entries: readonly Row[]; equal: number }): string[] {
  if (entries.length + equal === 0) return [];
  const columns = {
    [title]: (row: Row) => row.key,
    a: (row: Row) => row.a,
    b: (row: Row) => row.b,
    ...(entries.some(({ difference }) => difference !== undefined) && {
      'b - a': (row: Row) => row.difference,
    }),
  };
  if (entries.length === 0) return ['', `${title}: all ${equal} equal`];
  return ['', ...tableLines(entries, columns), ...(equal > 0 ? [`${equal} more are equal`] : [])];
}

const nameData = (input: RunDiff['data']['entries'][number]['a']): string | null =>
  input && `${input.source.slice(0, 80)} ${input.digest}`;

/** Where the code lies is not known here; whoever reads this has it. */
function gitLines({ code }: RunDiff): string[] {
  const commit = code.entries.find(({ key }) => key === 'commit');
  return commit?.a && commit.b && commit.a !== commit.b ? [`see: git diff ${commit.a} ${commit.b}`] : [];
}
