import { setTimeout as pause } from 'node:timers/promises';
import type { Scoring } from '@tidemill/sdk';
import type { Command } from 'commander';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { type Session, sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';

interface ScoreOptions {
  model?: string;
  dataset: string;
  output: string;
  column?: string;
  message?: string;
  background?: boolean;
}

const pollMs = 500;

export function addScoreCommand(endpoints: Command): void {
  const score = endpoints
    .command('score [name]')
    .description('predict every row of a dataset version; the result is a dataset version')
    .option('--model <reference>', 'a model version, instead of what answers most at an endpoint')
    .requiredOption('--dataset <reference>', 'the rows, with the columns that the model reads')
    .requiredOption('--output <name>', 'the dataset that gets the version')
    .option('--column <name>', 'the column of predictions (default: prediction)')
    .option('--message <text>', 'what the version is')
    .option('--background', 'do not wait for the end')
    .action(async (name: string | undefined, options: ScoreOptions, command: Command) => {
      const session = sessionOf(command);
      const { background, ...asked } = options;
      const begun = await session.client.scorings.create({ ...asked, endpoint: name });
      const shown = background ? begun : await follow(session, begun);
      session.show(shown, describe);
      if (!background && shown.state !== 'succeeded') process.exitCode = 1;
    });
  example(score, 'endpoints score forecast --dataset prices@3 --output scored');
}

export function addScoringsCommands(program: Command): void {
  const scorings = program.command('scorings').description('batch scorings: datasets through a model');
  const list = scorings
    .command('list')
    .description('batch scorings, newest first')
    .addOption(limitOption())
    .action(async ({ limit }: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(limit, (page) => session.client.scorings.list(page));
      session.list(
        items,
        {
          begun: (s) => formatTime(s.createdAt),
          model: (s) => s.model,
          dataset: (s) => s.dataset,
          state: (s) => s.state,
          rows: (s) => s.rows,
          done: (s) => s.done,
          result: (s) => s.result,
          id: (s) => s.id,
        },
        'No dataset was scored yet. Begin: tidemill endpoints score --help',
      );
    });
  example(list, 'scorings list');
  const show = scorings
    .command('show <id>')
    .description('how far it is, or its result')
    .action(async (id: string, _: unknown, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.scorings.get({ id }), describe);
    });
  example(show, 'scorings show scoring_01a208ae3cf978d286069e02254a56df');
  const cancel = scorings
    .command('cancel <id>')
    .description('end it; nothing of it is kept')
    .action(async (id: string, _: unknown, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.scorings.cancel({ id }), describe);
    });
  example(cancel, 'scorings cancel scoring_01a208ae3cf978d286069e02254a56df');
}

async function follow(session: Session, begun: Scoring): Promise<Scoring> {
  let scoring = begun;
  while (scoring.state === 'queued' || scoring.state === 'running') {
    await pause(pollMs);
    scoring = await session.client.scorings.get({ id: begun.id });
  }
  return scoring;
}

function describe(scoring: Scoring): string[] {
  const { id, model, dataset, state, rows, done, result, unscored, rowsPerSecond, error } = scoring;
  return [
    `${id}: ${model} on ${dataset}, ${state}`,
    `${done} of ${rows} rows${rowsPerSecond === null ? '' : `, ${rowsPerSecond} rows/s`}`,
    ...(result
      ? [`${result}${unscored ? `, ${unscored} rows without a prediction (column problem)` : ''}`]
      : []),
    ...(error ? [error] : []),
  ];
}
