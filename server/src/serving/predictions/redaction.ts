import { createHash } from 'node:crypto';
import type { LogRedaction, Row } from '@tidemill/contract';
import type { LoggedPrediction } from './rules.ts';

const shownCharacters = 2;

function redacted(value: unknown, how: LogRedaction['how']): unknown {
  if (how === 'omit' || value === null || value === undefined) return null;
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  if (how === 'truncate') return `${text.slice(0, shownCharacters)}…`;
  return `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}

function redactRow(row: Row, redactions: readonly LogRedaction[]): Row {
  const found = redactions.filter(({ column }) => column in row);
  if (found.length === 0) return row;
  const copy = { ...row };
  for (const { column, how } of found)
    if (how === 'omit') delete copy[column];
    else copy[column] = redacted(row[column], how);
  return copy;
}

/** What is looked up of a feature service stands beside the inputs, by places: all of it goes where one of its columns does. */
const onlineName = '@online';

/** Without the value; that it was outside of what the model has seen may be known. */
const wordOf = (warning: string): string =>
  warning.includes(' the training ')
    ? 'a redacted column is outside the training range'
    : 'about a redacted column';

/** A line without what must not be written: among features and outputs, and in words about them. */
export function redact(prediction: LoggedPrediction, redactions: readonly LogRedaction[]): LoggedPrediction {
  if (redactions.length === 0) return prediction;
  const features = redactRow(prediction.features, redactions);
  const isTouched = features !== prediction.features;
  if (isTouched) delete features[onlineName];
  const names = redactions.map(({ column }) => column);
  const isClean = (text: string) => !names.some((name) => text.includes(name));
  const { warnings, error, fallbackReason } = prediction;
  return {
    ...prediction,
    features,
    ...(prediction.output && { output: redactRow(prediction.output, redactions) }),
    ...(warnings && { warnings: warnings.map((text) => (isClean(text) ? text : wordOf(text))) }),
    ...(error && !isClean(error) && { error: 'about a redacted column' }),
    fallbackReason: fallbackReason && !isClean(fallbackReason) ? 'about a redacted column' : fallbackReason,
  };
}
