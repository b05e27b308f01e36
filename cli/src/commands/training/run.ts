import type { Job, LearnerJob } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { failures } from '../../failure.ts';
import { example } from '../../pages.ts';
import { toInteger, toNames, toNumber, toNumberPairs } from '../../parse.ts';
import { type Session, sessionOf } from '../../session.ts';
import { addCommandOptions, type CommandOptions, toCommandJob } from './command-job.ts';
import { describeCache, describeJob, followJob } from './follow-job.ts';

interface RunOptions extends CommandOptions {
  learner?: LearnerJob['learner'];
  trainingSet?: string;
  features?: string[];
  target?: string;
  timeColumn?: string;
  parameters?: string[];
  split?: 'time' | 'random';
  holdout?: number;
  register?: string;
  mayRegister?: string;
  follow?: boolean;
}

export function addRunCommand(jobs: Command): void {
  const run = jobs
    .command('run [command...]')
    .description(
      'run a command of your own after --, or a notebook, with a copy of this folder; or train one of our learners',
    )
    .option('--experiment <name>', 'where the run belongs', 'Default')
    .option('--name <name>', 'name of the run')
    .option('--seed <number>', 'of everything random', toInteger)
    .option('--register <model>', 'register the model that the run leaves as a version of this one')
    .option('--follow', 'wait for its end; exit code 1 if it failed')
    .optionsGroup('Options of a learner:')
    .addOption(new Option('--learner <name>', 'which one').choices(['ridge', 'trees'] as const))
    .option('--training-set <reference>', 'dataset version to learn from')
    .option('--features <columns>', 'comma-separated', toNames)
    .option('--target <column>', 'what to predict')
    .option('--time-column <column>', 'what orders the rows')
    .option('--parameters <key=value,…>', "the learner's own", toNames)
    .addOption(
      new Option('--split <way>', 'held-out rows: the newest, or random ones (which flatter)').choices([
        'time',
        'random',
      ] as const),
    )
    .option('--holdout <share>', 'share of rows held out', toNumber)
    .optionsGroup('Options of a command:');
  const ofCommand = addCommandOptions(run)
    .option(
      '--may-register <model>',
      'where tokens are asked for: its script may register versions of this model (registered_model_name)',
    )
    .option(
      '--cache',
      'take the finished run of the same command, code, environment, inputs, parameters and seed, if there is one',
    );
  ofCommand.action(async (words: string[], options: RunOptions, command: Command) => {
    const session = sessionOf(command);
    const job = await submit(session, words, options);
    if (!options.follow) return session.show(job, describeJob);
    for (const line of describeCache(job)) session.say(line);
    await followJob(session, job.id);
  });
  example(
    run,
    `jobs run --learner ridge --training-set train@1 --features lag1,lag2 --target y --time-column date
  $ tidemill jobs run --experiment notebooks --input prices@2 --follow -- python train.py --depth 6
  $ tidemill jobs run analysis.ipynb -p lr=0.1 --follow
  $ tidemill jobs run -p lr=0.1 --memory 4GiB --timeout 3600 --attempts 3 -- python train.py`,
  );
}

async function submit(session: Session, words: readonly string[], options: RunOptions): Promise<Job> {
  if (options.learner && options.cache)
    throw failures.definitionInvalid(
      '--cache',
      'it is for commands of your own; a learner is always trained.',
    );
  if (options.learner) return session.client.jobs.submitLearner(toLearnerJob(options, options.learner));
  if (words.length === 0)
    throw failures.optionMissing('--learner', 'name a learner, or give a command after --.');
  const { register, mayRegister } = options;
  const job = await toCommandJob(session, words, options);
  return session.client.jobs.submitCommand({ ...job, register, mayRegister });
}

function toLearnerJob(options: RunOptions, learner: LearnerJob['learner']): LearnerJob {
  const { experiment, name, seed, split, holdout, register, parameters } = options;
  return {
    experiment,
    learner,
    trainingSet: required(options.trainingSet, '--training-set'),
    features: required(options.features, '--features'),
    target: required(options.target, '--target'),
    timeColumn: required(options.timeColumn, '--time-column'),
    name,
    seed,
    split,
    holdout,
    register,
    parameters: parameters && toNumberPairs(parameters),
  };
}

function required<T>(value: T | undefined, option: string): T {
  if (value === undefined) throw failures.optionMissing(option, 'a learner needs it.');
  return value;
}
