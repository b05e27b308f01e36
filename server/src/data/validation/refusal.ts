/** A refused commit, as its error tells it. */
import type { ExpectationOutcome, ValidationResult } from '@tidemill/contract';
import type { RefusedExpectation } from '../../base/errors.ts';

const namedExpectations = 5;
const samplesInError = 5;
const listedExpectations = 50;

export function refusalOf({ dataset, id, outcomes }: ValidationResult): {
  name: string;
  validation: string;
  failed: readonly RefusedExpectation[];
  summary: string;
} {
  const failed = outcomes.filter(({ passed, severity }) => !passed && severity === 'error');
  const named = failed.slice(0, namedExpectations).map(sentenceOf);
  const more = failed.length - named.length;
  return {
    name: dataset,
    validation: id,
    failed: failed
      .slice(0, listedExpectations)
      .map(({ index, kind, title, reason, observed, rows, unexpected, sample }) => ({
        index,
        kind,
        title,
        reason,
        observed,
        rows,
        unexpected,
        sample: sample.slice(0, samplesInError),
      })),
    summary: `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
  };
}

/** `close is not missing (3 of 1195 rows, first in row 17)`. */
function sentenceOf({ title, rows, unexpected, observed, reason, sample }: ExpectationOutcome): string {
  const first = sample[0]?.row;
  const facts = [
    ...(unexpected ? [`${unexpected} of ${rows} rows`] : []),
    ...(first === undefined || first === null ? [] : [`first in row ${first}`]),
    ...(observed === null ? [] : [`found ${observed}`]),
    ...(reason === null ? [] : [reason]),
  ];
  return `${title}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
}
