/** What a reader must know: rows left out, classes nobody saw, metrics that are undefined. */
import type { Scores } from '../../../base/statistics/scores/scorer.ts';
import type { JudgedRows } from './rows.ts';

const furthestSum = 0.01;

export function notesOf(rows: JudgedRows, scores: Scores): string[] {
  return [
    ...unlabelledNotes(rows),
    ...(rows.task === 'regression' ? [] : classNotes(rows)),
    ...sumNotes(rows),
    ...undefinedNotes(scores),
  ];
}

function unlabelledNotes({ unlabelled, truth }: JudgedRows): string[] {
  if (unlabelled === 0) return [];
  const total = unlabelled + truth.length;
  return [`${unlabelled} of ${total} rows have no label yet and are left out.`];
}

function classNotes({ truth, classes, probabilities }: JudgedRows): string[] {
  const held = new Float64Array(classes.length);
  for (const code of truth) held[code] = (held[code] as number) + 1;
  const seen = classes.filter((_, k) => (held[k] as number) > 0);
  const unseen = classes.flatMap((name, k) =>
    probabilities && !probabilities[k] && (held[k] as number) > 0 ? [`'${name}' (${held[k]} rows)`] : [],
  );
  return [
    ...(seen.length === 1
      ? [`All labels are '${seen[0]}': what compares classes is not defined (null).`]
      : []),
    ...(unseen.length > 0
      ? [
          `Labels without a column of probabilities, which the model gave 0: ${unseen.join(', ')}. Their log loss is that of the smallest probability, 2^-52.`,
        ]
      : []),
  ];
}

function sumNotes({ probabilities, truth }: JudgedRows): string[] {
  if (!probabilities) return [];
  let [off, low, high] = [0, 1, 1];
  for (let i = 0; i < truth.length; i += 1) {
    let sum = 0;
    for (const column of probabilities) sum += column?.[i] ?? 0;
    if (Math.abs(sum - 1) > furthestSum) off += 1;
    low = Math.min(low, sum);
    high = Math.max(high, sum);
  }
  if (off === 0) return [];
  const range = `from ${low.toPrecision(3)} to ${high.toPrecision(3)}`;
  return [`The probabilities of ${off} rows do not sum to 1 (${range}); they are taken as they are.`];
}

function undefinedNotes(scores: Scores): string[] {
  const names = Object.keys(scores).filter((name) => !Number.isFinite(scores[name]));
  return names.length === 0 ? [] : [`Not defined for these rows (null): ${names.join(', ')}.`];
}
