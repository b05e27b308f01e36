import type { EvaluationSummary } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { repeated, toInteger, toNames } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';
import { setOptions } from './evaluate.ts';
import { describeEvaluation } from './evaluation-text.ts';

export function addEvaluationsCommands(program: Command): void {
  const evaluations = program
    .command('evaluations')
    .description('models and predictions judged: figures, slices, against the naive rule and the champion');
  addRun(evaluations);
  addShowAndList(evaluations);
}

interface RunOptions {
  dataset: string;
  target?: string;
  labels?: string[];
  query?: string;
  cutoffs?: string[];
  timeColumn?: string;
  last?: number;
  from?: string;
  to?: string;
  baseline?: string;
  champion?: string;
  task?: Task;
  positive?: string;
  classes?: string[];
  slices?: string[];
  value?: string;
  seed?: number;
}

function addRun(evaluations: Command): void {
  const run = evaluations
    .command('run <reference>')
    .description('evaluate a model version')
    .requiredOption('--dataset <reference>', 'dataset version with features and truth')
    .option('--target <column>', 'the truth; of a ranking the gain of a row')
    .option('--labels <label=column>', 'of several labels: column of 0 or 1 of one (repeatable)', repeated)
    .option('--query <column>', 'of a ranking: what tells queries apart')
    .option('--cutoffs <places>', 'of a ranking: figures at these places (default: 5,10)', toNames)
    .option('--time-column <column>', 'what orders the rows; without it all are judged as they are')
    .option('--last <rows>', 'judge on the newest so many rows (default: the newest fifth)', toInteger)
    .option('--from <time>', 'judge from this time on')
    .option('--to <time>', 'judge up to this time')
    .option('--baseline <column>', 'column that holds the naive prediction')
    .option('--champion <reference>', 'model version to compare with')
    .addOption(new Option('--task <task>', 'default: as the label tells').choices(tasks))
    .option('--positive <label>', 'label that the score is the probability of')
    .option('--classes <labels>', "what the model's probabilities stand for, in order", toNames)
    .option('--slices <columns>', 'judge the values of these columns apart: region,age', toNames)
    .option('--value <expression>', 'worth of a row, in CEL over prediction, outcome and columns')
    .option('--seed <number>', 'of everything random', toInteger)
    .action(async (reference: string, options: RunOptions, command: Command) => {
      const session = sessionOf(command);
      const { last, from, to, labels, cutoffs, ...rest } = options;
      const window =
        last !== undefined || from !== undefined || to !== undefined ? { last, from, to } : undefined;
      const evaluation = await session.client.evaluation.evaluate({
        model: reference,
        ...rest,
        ...setOptions({ labels, cutoffs }),
        window,
      });
      session.show(evaluation, describeEvaluation);
    });
  example(
    run,
    'evaluations run forecaster@2 --dataset train@2 --target y --time-column date --last 60 --baseline close',
  );
}

type Task = EvaluationSummary['task'];
const tasks: readonly Task[] = ['regression', 'binary', 'multiclass', 'multilabel', 'ranking'];
const sources: readonly EvaluationSummary['source'][] = ['model', 'predictions'];
const mainMetrics: Record<Task, readonly string[]> = {
  regression: ['mae'],
  binary: ['roc_auc', 'f1'],
  multiclass: ['accuracy'],
  multilabel: ['f1_micro'],
  ranking: ['ndcg'],
};

interface ListFilter {
  model?: string;
  dataset?: string;
  task?: Task;
  source?: EvaluationSummary['source'];
}

/** The figure that a list shows, and its name. */
function mainMetric({ task, metrics }: EvaluationSummary): [string, number | null] {
  const names = mainMetrics[task];
  const name = names.find((each) => metrics[each] != null) ?? names[0] ?? '';
  return [name, metrics[name] ?? null];
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
    .option('--model <reference>', 'only of this model or version')
    .option('--dataset <reference>', 'only on this dataset or version')
    .addOption(new Option('--task <task>', 'only of this task').choices(tasks))
    .addOption(new Option('--source <source>', 'only of this kind').choices(sources))
    .addOption(limitOption())
    .action(async (options: Limited & ListFilter, command: Command) => {
      const session = sessionOf(command);
      const { limit, model, dataset, task, source } = options;
      const filter = { model, dataset, task, source };
      const items = await listUpTo(limit, (page) => session.client.evaluation.list({ ...filter, ...page }));
      session.list(
        items,
        {
          id: (e) => e.id,
          model: (e) => e.model ?? '(a table)',
          dataset: (e) => e.dataset,
          rows: (e) => e.window.rows,
          task: (e) => e.task,
          metric: (e) => mainMetric(e)[0],
          value: (e) => mainMetric(e)[1],
          'naive mae': (e) => e.baseline?.metrics.mae,
          'champion mae': (e) => e.champion?.metrics.mae,
          created: (e) => formatTime(e.createdAt),
        },
        'No evaluations. Make one: tidemill evaluate --help, tidemill evaluations run --help',
      );
    });
  example(list, 'evaluations list --model forecaster@2');
}
