/** Which classes there are, and which of two is the positive one. */
import type { Column, EvaluationTask, PredictionColumns } from '@tidemill/contract';
import { errors } from '../../../base/errors.ts';
import { quoteName } from '../../../base/sql-text.ts';
import type { RowTask } from '../judgement/rows.ts';

export const mostClasses = 100;
const yes = new Set(['1', 'true', 'yes']);
const no = new Set(['0', 'false', 'no']);

/**
 * A value as the text that names its class, so that 1, 1.0 and '1' are one class: of a double that is a whole number
 * the whole number; NaN is missing.
 */
export function classText({ name, type }: Column): string {
  const value = quoteName(name);
  if (type !== 'double') return `cast(${value} as varchar)`;
  const whole = `cast(cast(${value} as bigint) as varchar)`;
  return `case when isnan(${value}) then null when ${value} = trunc(${value}) and abs(${value}) < 1e15 then ${whole} else cast(${value} as varchar) end`;
}

/** What is asked for without a word: a score needs two classes, probabilities name theirs, numbers are regressed. */
export function inferTask(
  task: EvaluationTask | undefined,
  predictions: PredictionColumns,
  label: Column,
): RowTask {
  if (task === 'multilabel' || task === 'ranking')
    throw errors.evaluationRequestInvalid({
      reason: task === 'ranking' ? 'rows are ranked for a query' : 'of several labels each has a column',
      remedy: task === 'ranking' ? "Name the column of queries as 'query'" : "Name the columns in 'labels'",
    });
  if (task) return task;
  if (predictions.score !== undefined) return 'binary';
  if (predictions.probabilities !== undefined) return 'multiclass';
  if (label.type === 'boolean') return 'binary';
  return label.type === 'text' ? 'multiclass' : 'regression';
}

/** @throws evaluationRequestInvalid when the task cannot be judged by these columns */
export function assertTask(
  task: RowTask,
  { prediction, score, probabilities, called, lower, upper, quantiles }: PredictionColumns,
): void {
  const refuse = (reason: string, remedy: string) => {
    throw errors.evaluationRequestInvalid({ reason, remedy });
  };
  if (called) refuse("'called' is for rows with several labels", "Name their columns in 'labels'");
  if (task === 'regression' && (prediction === undefined || score !== undefined || probabilities))
    refuse(
      'a regression has one column of predicted numbers',
      "Name it as 'prediction', and no 'score' or 'probabilities'",
    );
  if (task === 'binary' && probabilities)
    refuse('a binary task has one score', "Name the column of the positive class's probability as 'score'");
  if (task === 'multiclass' && score !== undefined)
    refuse('several classes have a probability each', "Name their columns in 'probabilities'");
  if (prediction === undefined && score === undefined && !probabilities)
    refuse('it names no column of predictions', "Name 'prediction', 'score' or 'probabilities'");
  if ((lower === undefined) !== (upper === undefined))
    refuse('an interval has two bounds', "Name both 'lower' and 'upper'");
  if (task !== 'regression' && quantiles)
    refuse('quantiles are of numbers', "Leave 'quantiles' out, or say task regression");
  if (task !== 'regression' && lower !== undefined)
    refuse('classes have no bounds', "Leave 'lower' and 'upper' out");
}

/** Numbers by size, other texts by the alphabet. */
export function sortClasses(found: readonly string[]): string[] {
  const distinct = [...new Set(found)];
  const areNumbers = distinct.every((text) => text.trim() !== '' && Number.isFinite(Number(text)));
  return areNumbers
    ? distinct.sort((a, b) => Number(a) - Number(b))
    : distinct.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * Two classes, the negative one first. Without a word 1, true and yes are positive.
 * @throws evaluationClassesInvalid
 */
export function binaryClasses(
  where: { readonly dataset: string; readonly column: string },
  found: readonly string[],
  positive: string | undefined,
): [negative: string, positive: string] {
  const shown = found
    .slice(0, 5)
    .map((name) => `'${name}'`)
    .join(', ');
  const refuse = (reason: string, remedy: string): never => {
    throw errors.evaluationClassesInvalid({ ...where, reason, remedy });
  };
  if (found.length > 2)
    return refuse(
      `holds more than two labels (${shown}${found.length > 5 ? ', …' : ''})`,
      "Say task multiclass with 'probabilities', or derive a label of two values",
    );
  const chosen = positive ?? found.find((name) => yes.has(name.toLowerCase()));
  if (chosen !== undefined) {
    const others = found.filter((name) => name !== chosen);
    if (others.length > 1)
      return refuse(`holds ${shown} and no '${chosen}'`, `Name one of them as 'positive'`);
    return [others[0] ?? `not ${chosen}`, chosen];
  }
  const [only, other] = found;
  if (other === undefined && only !== undefined && no.has(only.toLowerCase())) return [only, `not ${only}`];
  return refuse(
    `holds ${shown}, and which of them the score is the probability of is not known`,
    `Name it as 'positive'`,
  );
}
