import type { Rebuild, RunComparison } from '@tidemill/sdk';
import type { Command } from 'commander';
import { example } from '../../pages.ts';
import { type Session, sessionOf, setVerdict } from '../../session.ts';
import { formatTime } from '../../table.ts';
import { describeJob, watchJob } from './follow-job.ts';
import { layOutRun } from './run-folder.ts';

export function addRebuildCommand(runs: Command): void {
  const rebuild = runs
    .command('rebuild <run>')
    .description(
      "make a command's run again from its lock, code, data and seed, and compare; exit code 2 if anything differs",
    )
    .option('--list', 'only show what came of earlier rebuilds')
    .option(
      '--into <folder>',
      'only lay it out there, to work on: code, inputs, environment and run.sh that starts it',
    )
    .action(async (id: string, options: { list?: boolean; into?: string }, command: Command) => {
      const session = sessionOf(command);
      if (options.into !== undefined) return layOutRun(session, id, options.into);
      if (!options.list) return rebuildRun(session, id);
      const { items } = await session.client.jobs.rebuilds({ id });
      session.show({ items }, (found) =>
        found.items.length === 0
          ? [`Nobody rebuilt it yet: tidemill runs rebuild ${id}`]
          : found.items.flatMap(describeRebuild),
      );
    });
  example(rebuild, 'runs rebuild 914e6572e2e1b96f6189eb432343fe24');
  example(rebuild, 'runs rebuild 914e6572e2e1b96f6189eb432343fe24 --into again');
}

/** Follows the job and shows what the comparison says. */
export async function rebuildRun(session: Session, id: string): Promise<void> {
  const submitted = await session.client.jobs.rebuild({ id });
  const begun = (await session.client.jobs.rebuilds({ id })).items;
  for (const note of begun.find(({ jobId }) => jobId === submitted.id)?.notes ?? []) session.say(note);
  const job = await watchJob(session, submitted.id);
  if (!job) return;
  const { items } = await session.client.jobs.rebuilds({ id });
  const found = items.find(({ jobId }) => jobId === job.id);
  if (job.state !== 'succeeded' || !found?.result) {
    session.show(job, describeJob);
    process.exitCode = 1;
    return;
  }
  session.show(found, describeRebuild);
  setVerdict(found.result.verdict === 'equal');
}

const describeRebuild = ({ jobId, runId, notes, result, createdAt }: Rebuild): string[] => [
  `run ${runId}, rebuilt by ${jobId} at ${formatTime(createdAt)}: ${result ? result.verdict.toUpperCase() : 'not finished'}`,
  ...notes.map((note) => `  note       ${note}`),
  ...(result ? describeComparison(result) : []),
];

const isEqual = ({ verdict }: { readonly verdict: string }): boolean => verdict.startsWith('equal');

function describeComparison({ metrics, files }: RunComparison): string[] {
  const count = (list: readonly { readonly verdict: string }[], word: string) =>
    list.length === 0 ? [] : [`  equal      ${list.filter(isEqual).length} of ${list.length} ${word}`];
  return [
    ...count(metrics, 'metrics'),
    ...metrics
      .filter((each) => !isEqual(each))
      .map(
        ({ key, before, after, verdict }) =>
          `  ${verdict.padEnd(10)} ${key}: ${before ?? 'none'} was, ${after ?? 'none'} is`,
      ),
    ...count(files, 'files'),
    ...files
      .filter((each) => each.verdict !== 'equal')
      .map(
        ({ path, verdict, model, cells }) =>
          `  ${verdict.padEnd(10)} ${path}${model ? ' (of the model)' : ''}${cells ? `: ${sayCells(cells)}` : ''}`,
      ),
  ];
}

const mostCells = 20;

function sayCells(cells: readonly number[]): string {
  const more = cells.length > mostCells ? ` and ${cells.length - mostCells} more` : '';
  return `cell${cells.length === 1 ? '' : 's'} ${cells.slice(0, mostCells).join(', ')}${more}`;
}
