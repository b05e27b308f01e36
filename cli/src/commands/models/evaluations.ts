import type { Comparison, Evaluation } from '@tidemill/sdk';
import type { Command } from 'commander';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { toInteger } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatNumber, formatTime, tableLines } from '../../table.ts';

export function addEvaluationsCommands(program: Command): void {
  const evaluations = program
    .command('evaluations')
    .description('models judged on a time-ordered window, against the naive rule and the champion');
  addRun(evaluations);
  addShowAndList(evaluations);
}

interface RunOptions {
  dataset: string;
  target: string;
  timeColumn: string;
  last?: number;
  from?: string;
  to?: string;
  baseline?: string;
  champion?: string;
  seed?: number;
}

function addRun(evaluations: Command): void {
  const run = evaluations
    .command('run <reference>')
    .description('evaluate a model version')
    .requiredOption('--dataset <reference>', 'dataset version with features and truth')
    .requiredOption('--target <column>', 'the truth')
    .requiredOption('--time-column <column>', 'what orders the rows')
    .option('--last <rows>', 'judge on the newest so many rows (default: the newest fifth)', toInteger)
    .option('--from <time>', 'judge from this time on')
    .option('--to <time>', 'judge up to this time')
    .option('--baseline <column>', 'column that holds the naive prediction')
    .option('--champion <reference>', 'model version to compare with')
    .option('--seed <number>', 'of everything random', toInteger)
    .action(async (reference: string, options: RunOptions, command: Command) => {
      const session = sessionOf(command);
      const { last, from, to, ...rest } = options;
      const window =
        last !== undefined || from !== undefined || to !== undefined ? { last, from, to } : undefined;
      const evaluation = await session.client.evaluation.evaluate({ model: reference, ...rest, window });
      session.show(evaluation, describeEvaluation);
    });
  example(
    run,
    'evaluations run forecaster@2 --dataset train@2 --target y --time-column date --last 60 --baseline close',
  );
}

function addShowAndList(evaluations: Command): void {
  const show = evaluations
    .command('show <id>')
    .description('one evaluation')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.evaluation.get({ id }), describeEvaluation);
    });
  example(show, 'evaluations show eval_0199f3');
  const list = evaluations
    .command('list')
    .description('evaluations, newest first')
    .option('--model <reference>', 'only of this version')
    .addOption(limitOption())
    .action(async (options: Limited & { model?: string }, command: Command) => {
      const session = sessionOf(command);
      const { limit, model } = options;
      const items = await listUpTo(limit, (page) => session.client.evaluation.list({ model, ...page }));
      session.list(
        items,
        {
          id: (e) => e.id,
          model: (e) => e.model,
          dataset: (e) => e.dataset,
          rows: (e) => e.window.rows,
          mae: (e) => e.metrics.mae,
          'naive mae': (e) => e.baseline?.metrics.mae,
          'champion mae': (e) => e.champion?.metrics.mae,
          created: (e) => formatTime(e.createdAt),
        },
        'No evaluations. Make one: tidemill evaluations run --help',
      );
    });
  example(list, 'evaluations list --model forecaster@2');
}

function describeEvaluation(evaluation: Evaluation): string[] {
  const judged = [
    { name: evaluation.model, metrics: evaluation.metrics },
    ...(evaluation.baseline ? [evaluation.baseline] : []),
    ...(evaluation.champion ? [evaluation.champion] : []),
  ];
  const metrics = Object.keys(evaluation.metrics);
  const { from, to, rows } = evaluation.window;
  return [
    `${evaluation.id}: ${evaluation.model} on ${evaluation.dataset}, ${rows} rows from ${from} to ${to}`,
    ...evaluation.notes,
    '',
    ...tableLines(judged, {
      judged: (j) => j.name,
      ...Object.fromEntries(metrics.map((key) => [key, (j: (typeof judged)[number]) => j.metrics[key]])),
    }),
    ...comparisonLines('against the naive rule', evaluation.againstBaseline),
    ...comparisonLines('against the champion', evaluation.againstChampion),
  ];
}

/** Verdict with the paired difference of absolute errors and its interval. */
export function comparisonLines(title: string, comparison: Comparison | null): string[] {
  if (!comparison) return [];
  const [low, high] = comparison.interval;
  const interval = `${formatNumber(low ?? null)} to ${formatNumber(high ?? null)}`;
  return [
    `${title}: ${comparison.verdict}, difference ${formatNumber(comparison.meanDifference)} (${interval}), p ${formatNumber(comparison.pValue)}, ${comparison.pairs} pairs`,
  ];
}
