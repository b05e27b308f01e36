import { writeFile } from 'node:fs/promises';
import type { Evaluation } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { example } from '../../pages.ts';
import { repeated, toInteger, toNames, toNumber, toTextPairs } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { describeEvaluation } from './evaluation-text.ts';

interface Options {
  sql?: string;
  bind?: string[];
  label?: string;
  labels?: string[];
  called?: string[];
  query?: string;
  cutoffs?: string[];
  prediction?: string;
  score?: string;
  probability?: string[];
  lower?: string;
  upper?: string;
  quantile?: string[];
  task?: Evaluation['task'];
  model?: string;
  positive?: string;
  threshold?: number;
  weight?: string;
  timeColumn?: string;
  last?: number;
  from?: string;
  to?: string;
  slices?: string[];
  quantiles?: number;
  search?: string[];
  alpha?: number;
  rounds?: number;
  seed?: number;
  curves?: string;
  againstPrediction?: string;
  againstScore?: string;
  againstProbability?: string[];
  baseline?: string;
  value?: string;
}

const tasks: readonly Evaluation['task'][] = ['regression', 'binary', 'multiclass', 'multilabel', 'ranking'];

/** Of several labels and of rankings, as the request has them. */
export const setOptions = ({ labels, cutoffs }: { labels?: string[]; cutoffs?: string[] }) => ({
  ...(labels && { labels: toTextPairs(labels) }),
  ...(cutoffs && { cutoffs: cutoffs.map(toInteger) }),
});

export function addEvaluateCommand(program: Command): void {
  const evaluate = program
    .command('evaluate [dataset]')
    .description('judge predictions that a table holds: figures with intervals, slices, curves')
    .option('--sql <select>', 'judge what this select over datasets gives, instead of a dataset')
    .option(
      '--bind <name=version>',
      'version of a dataset that the select leaves open (repeatable)',
      repeated,
    )
    .option('--label <column>', 'what really happened; of a ranking the gain of a row')
    .option('--labels <label=column>', 'of several labels: column of 0 or 1 of one (repeatable)', repeated)
    .option('--query <column>', 'of a ranking: what tells queries apart')
    .option('--cutoffs <places>', 'of a ranking: figures at these places (default: 5,10)', toNames)
    .option('--prediction <column>', 'predicted number, or the class that was called')
    .option('--score <column>', 'probability of the positive class; of a ranking, what rows are ranked by')
    .option('--probability <class=column>', 'probability of a class or label (repeatable)', repeated)
    .option(
      '--called <label=column>',
      'of several labels: column of 0 or 1 of what was called (repeatable)',
      repeated,
    )
    .option('--lower <column>', 'lower bound of the prediction')
    .option('--upper <column>', 'upper bound of the prediction')
    .option('--quantile <level=column>', 'forecast of a quantile: 0.1=low (repeatable)', repeated)
    .addOption(new Option('--task <task>', 'default: as the columns tell').choices(tasks))
    .option('--model <reference>', 'model version the predictions came from')
    .option('--positive <label>', 'label that the score is the probability of')
    .option('--threshold <score>', 'called positive from here on (default: 0.5)', toNumber)
    .option('--weight <column>', 'weight of each row')
    .option('--time-column <column>', 'what orders the rows')
    .option('--last <rows>', 'only the newest so many rows', toInteger)
    .option('--from <time>', 'only from this time on')
    .option('--to <time>', 'only up to this time')
    .option('--slices <columns>', 'judge the values of these columns apart: region,age', toNames)
    .option('--quantiles <parts>', 'parts that a number is cut into (default: 4)', toInteger)
    .option('--search <columns>', 'search the worst slices in these columns (default: the others)', toNames)
    .option('--alpha <share>', '0.05 gives intervals of 95 % (default: 0.05)', toNumber)
    .option('--rounds <count>', 'of the bootstrap (default: 1000)', toInteger)
    .option('--seed <number>', 'of everything random', toInteger)
    .option('--against-prediction <column>', "another model's predictions of the same rows")
    .option('--against-score <column>', "another model's scores of the same rows")
    .option('--against-probability <class=column>', "another's probability of a class (repeatable)", repeated)
    .option('--baseline <column>', 'column that holds the naive prediction')
    .option('--value <expression>', 'worth of a row, in CEL over prediction, outcome and columns')
    .option('--curves <file>', 'write curves, confusion and residuals to a file as JSON')
    .action(async (dataset: string | undefined, options: Options, command: Command) => {
      const session = sessionOf(command);
      const evaluation = await session.client.evaluation.evaluate(toRequest(dataset, options));
      if (options.curves !== undefined) {
        const { id, curves, confusion, residuals } = evaluation;
        const text = JSON.stringify({ id, curves, confusion, residuals }, null, 2);
        await writeFile(options.curves, `${text}\n`);
        session.say(`curves written to ${options.curves}`);
      }
      session.show(evaluation, describeEvaluation);
    });
  example(evaluate, 'evaluate scored@3 --label bought --score p --slices region,age --model buyer@2');
}

function toRequest(dataset: string | undefined, options: Options) {
  const { sql, label, prediction, score, probability, lower, upper, quantile, last, from, to, bind, called } =
    options;
  const { curves: _, againstPrediction, againstScore, againstProbability, ...rest } = omit(options);
  const hasAgainst = againstPrediction ?? againstScore ?? againstProbability;
  const probabilities = probability && toTextPairs(probability);
  const hasWindow = last !== undefined || from !== undefined || to !== undefined;
  return {
    ...rest,
    ...(dataset !== undefined && { dataset }),
    ...(sql !== undefined && { sql }),
    ...(bind && { bindings: toTextPairs(bind) }),
    ...(label !== undefined && { target: label }),
    ...setOptions(options),
    predictions: {
      ...(called && { called: toTextPairs(called) }),
      ...{ prediction, score, probabilities, lower, upper },
      ...(quantile && { quantiles: toTextPairs(quantile) }),
    },
    ...(hasAgainst !== undefined && {
      against: {
        prediction: againstPrediction,
        score: againstScore,
        probabilities: againstProbability && toTextPairs(againstProbability),
      },
    }),
    ...(hasWindow && { window: { last, from, to } }),
  };
}

/** What goes into the request as it is. */
function omit({ sql, label, prediction, score, probability, lower, upper, quantile, ...rest }: Options) {
  const { last, from, to, bind, labels, called, cutoffs, ...kept } = rest;
  return kept;
}
