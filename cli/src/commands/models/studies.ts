import { setTimeout as pause } from 'node:timers/promises';
import type { Study } from '@tidemill/sdk';
import { Argument, type Command, Option } from 'commander';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { repeated, toInteger, toNames, toNumber, toTextPairs } from '../../parse.ts';
import { type Session, sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';
import { describeStudy } from './study-text.ts';

type Kind = Study['kind'];

interface Options {
  dataset?: string;
  sql?: string;
  target: string;
  task?: 'regression' | 'binary' | 'multiclass';
  positive?: string;
  classes?: string[];
  timeColumn?: string;
  last?: number;
  rows?: number;
  metric?: string;
  seed?: number;
  repeats?: number;
  features?: string[];
  group?: string[];
  correlated?: number;
  noise?: string[];
  points?: number;
  places?: string[];
  folds?: number;
  horizon?: number;
  step?: number;
  gap?: number;
  trainTimes?: number;
  season?: number;
  prediction?: string;
  horizonColumn?: string;
  seriesColumn?: string;
  quantile?: string[];
  background?: boolean;
}

const kinds: readonly Kind[] = ['importance', 'attribution', 'stability', 'backtest', 'evaluation'];
const states = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
const tasks = ['regression', 'binary', 'multiclass'];
const pollMs = 500;

export function addStudiesCommands(program: Command): void {
  const studies = program
    .command('studies')
    .description('long looks at a model: importance, attribution, stability, backtest');
  addRun(studies);
  addRest(studies);
}

function addRun(studies: Command): void {
  const run = studies
    .command('run')
    .addArgument(new Argument('<kind>', 'what to look at').choices(kinds))
    .argument('[model]', 'model version; none where a table holds the forecasts')
    .description(`look at a model version (${kinds.join(', ')}), and wait for what is found`)
    .option('--dataset <reference>', 'dataset version; of a backtest what the model learned from')
    .option('--sql <select>', 'what this select over datasets gives, instead of a dataset')
    .requiredOption('--target <column>', 'the truth')
    .addOption(new Option('--task <task>', 'default: as the label tells').choices(tasks))
    .option('--positive <label>', 'label that the score is the probability of')
    .option('--classes <labels>', "what the model's probabilities stand for, in order", toNames)
    .option('--time-column <column>', 'what orders the rows')
    .option('--last <rows>', 'only the newest so many rows', toInteger)
    .option('--rows <count>', 'more are sampled down to so many (default: 5000, attribution 1000)', toInteger)
    .option('--metric <name>', 'that importance and stability are told in (default: mae, roc_auc, …)')
    .option('--seed <number>', 'of everything random', toInteger)
    .option('--repeats <count>', 'permutations, or draws of noise (default: 10, 5)', toInteger)
    .option('--features <columns>', 'importance of these inputs only', toNames)
    .option('--group <columns>', 'inputs permuted together: a,b (repeatable)', repeated)
    .option('--correlated <rho>', 'permute together what correlates so much: 0.8', toNumber)
    .option('--noise <levels>', 'standard deviations of noise: 0.1,0.5', toNames)
    .option('--points <count>', 'rows whose attributions are kept (default: 200)', toInteger)
    .option('--places <rows>', 'rows whose attributions are kept, counted from 1: 1,17', toNames)
    .option('--folds <count>', 'of a backtest (default: 5)', toInteger)
    .option('--horizon <times>', 'that each fold forecasts (default: 10)', toInteger)
    .option('--step <times>', "from a fold's start to the next (default: the horizon)", toInteger)
    .option('--gap <times>', 'between what is learned from and what is forecast (default: 0)', toInteger)
    .option('--train-times <count>', 'a window that slides, of so many times', toInteger)
    .option('--season <times>', 'for the seasonal naive rule', toInteger)
    .option('--prediction <column>', 'backtest of a table: the predicted number')
    .option('--quantile <level=column>', 'backtest of a table: 0.1=low (repeatable)', repeated)
    .option('--horizon-column <column>', 'backtest of a table: how many times ahead')
    .option('--series-column <column>', 'backtest of a table: which series')
    .option('--background', 'begin it, and do not wait')
    .action(async (kind: Kind, model: string | undefined, options: Options, command: Command) => {
      const session = sessionOf(command);
      const begun = await session.client.studies.create(toRequest(kind, model, options));
      const shown = options.background ? begun : await follow(session, begun);
      session.show(shown, describeStudy);
      if (shown.state === 'failed') process.exitCode = 1;
    });
  example(run, 'studies run importance forecaster@2 --dataset days@2 --target next_close');
}

function toRequest(kind: Kind, model: string | undefined, options: Options) {
  const { repeats, features, group, correlated, noise, points, places, folds, horizon, step, gap } = options;
  const { trainTimes, season, prediction, quantile, horizonColumn, seriesColumn, last, ...rest } = options;
  const { dataset, sql, target, task, positive, classes, timeColumn, rows, metric, seed } = rest;
  const groups = group?.map((text) => toNames(text));
  return {
    ...{ kind, model, dataset, sql, target, task, positive, classes, timeColumn, rows, metric, seed },
    ...(last !== undefined && { window: { last } }),
    ...(kind === 'importance' && { importance: { repeats, features, groups, correlated } }),
    ...(kind === 'stability' && { stability: { repeats, noise: noise?.map(toNumber) } }),
    ...(kind === 'attribution' && { attribution: { points, places: places?.map(toInteger) } }),
    ...(kind === 'backtest' && {
      backtest: { folds, horizon, step, gap, trainTimes, season, horizonColumn, seriesColumn },
    }),
    ...((prediction !== undefined || quantile) && {
      predictions: { prediction, ...(quantile && { quantiles: toTextPairs(quantile) }) },
    }),
  };
}

/** Until it has ended; the server goes on with it if we stop. */
async function follow(session: Session, { id }: Study): Promise<Study> {
  let said = '';
  for (;;) {
    const found = await session.client.studies.get({ id });
    if (found.finishedAt !== null) return found;
    const { step = found.state, fraction = 0 } = found.progress ?? {};
    const line = `${id} ${Math.round(100 * fraction)} %: ${step}`;
    if (line !== said) session.say(line);
    said = line;
    await pause(pollMs);
  }
}

function addRest(studies: Command): void {
  const show = studies
    .command('show <id>')
    .description('one study, with its progress or what it found')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.studies.get({ id }), describeStudy);
    });
  example(show, 'studies show study_0199f3');
  const cancel = studies
    .command('cancel <id>')
    .description('end one that is not done')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.studies.cancel({ id }), describeStudy);
    });
  example(cancel, 'studies cancel study_0199f3');
  const list = studies
    .command('list')
    .description('studies, newest first')
    .option('--model <reference>', 'only of this model or version')
    .addOption(new Option('--kind <kind>', 'only of this kind').choices(kinds))
    .addOption(new Option('--state <state>', 'only in this state').choices(states))
    .addOption(limitOption())
    .action(
      async (
        options: Limited & { model?: string; kind?: Kind; state?: Study['state'] },
        command: Command,
      ) => {
        const session = sessionOf(command);
        const { limit, model, kind, state } = options;
        const filter = { model, kind, state };
        const items = await listUpTo(limit, (page) => session.client.studies.list({ ...filter, ...page }));
        session.list(
          items,
          {
            id: (each) => each.id,
            kind: (each) => each.kind,
            state: (each) => each.state,
            model: (each) => each.model ?? '(a table)',
            dataset: (each) => each.dataset,
            progress: (each) => each.progress?.step ?? each.error ?? '',
            created: (each) => formatTime(each.createdAt),
          },
          'No studies. Make one: tidemill studies run --help',
        );
      },
    );
  example(list, 'studies list --model forecaster@2');
}
