import type { PredictReply } from '@tidemill/sdk';
import type { Command } from 'commander';
import { failures } from '../../failure.ts';
import { readRecords } from '../../files.ts';
import { example } from '../../pages.ts';
import { toRecord, toTime } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatNumber, tableLines } from '../../table.ts';

interface PredictOptions {
  record?: string[];
  file?: string;
  eventTime?: string;
  requestId?: string;
  explain?: boolean;
}

export function addPredictCommand(endpoints: Command): void {
  const predict = endpoints
    .command('predict <name>')
    .description('ask for predictions: one record in words, or many from a file')
    .option('--record <key=value...>', 'the fields of one record')
    .option('--file <file>', 'JSON or NDJSON records (- is standard input)')
    .option('--event-time <time>', 'the moment the prediction is for (default: now)')
    .option('--request-id <id>', 'begins the ids of the predictions (default: a new one)')
    .option('--explain', 'what each input contributed (models of trees that were trained here)')
    .action(async (name: string, options: PredictOptions, command: Command) => {
      const session = sessionOf(command);
      const reply = await session.client.endpoints.predict({
        name,
        records: await recordsOf(options),
        eventTime: options.eventTime === undefined ? undefined : toTime(options.eventTime),
        requestId: options.requestId,
        ...(options.explain && { explain: true }),
      });
      session.show(reply, describeReply);
    });
  example(
    predict,
    `endpoints predict forecast --record symbol=AAPL --event-time 2024-03-01
  $ cat records.json | tidemill endpoints predict forecast --file -`,
  );
}

async function recordsOf(options: PredictOptions): Promise<Record<string, unknown>[]> {
  if (options.file !== undefined) return readRecords(options.file);
  if (options.record) return [toRecord(options.record)];
  throw failures.optionMissing('--record', 'give key=value pairs, or records by --file.');
}

type Prediction = PredictReply['predictions'][number];

/** The largest contributions first; they and the base add up to what the model gave. */
const describeExplanation = ({ id, explanation }: Prediction): string[] =>
  (explanation?.outputs ?? []).flatMap(({ output, base, contributions }) => [
    '',
    `${id}: ${output} in ${explanation?.space}, ${formatNumber(base)} when no input is known`,
    ...Object.entries(contributions)
      .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
      .map(([name, value]) => `  ${value < 0 ? '' : '+'}${formatNumber(value)}  ${name}`),
  ]);

const describeReply = (reply: PredictReply): string[] => [
  ...tableLines(reply.predictions, {
    prediction: (p) => (typeof p.value === 'object' ? JSON.stringify(p.value) : p.value),
    by: (p) => p.model,
    variant: (p) => p.variant,
    id: (p) => p.id,
    ...(reply.predictions.some(({ outputs }) => outputs) && {
      outputs: (p: Prediction) => (p.outputs ? JSON.stringify(p.outputs) : null),
    }),
    warnings: (p) => p.warnings.join('; ') || null,
  }),
  ...reply.predictions.flatMap(describeExplanation),
  `revision ${reply.revision}, ${formatNumber(reply.milliseconds.total)} ms${reply.fallbackReason ? `, fallback: ${reply.fallbackReason}` : ''}`,
];
