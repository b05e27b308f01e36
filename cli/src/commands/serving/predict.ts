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
}

export function addPredictCommand(endpoints: Command): void {
  const predict = endpoints
    .command('predict <name>')
    .description('ask for predictions: one record in words, or many from a file')
    .option('--record <key=value...>', 'the fields of one record')
    .option('--file <file>', 'JSON or NDJSON records (- is standard input)')
    .option('--event-time <time>', 'the moment the prediction is for (default: now)')
    .option('--request-id <id>', 'begins the ids of the predictions (default: a new one)')
    .action(async (name: string, options: PredictOptions, command: Command) => {
      const session = sessionOf(command);
      const reply = await session.client.endpoints.predict({
        name,
        records: await recordsOf(options),
        eventTime: options.eventTime === undefined ? undefined : toTime(options.eventTime),
        requestId: options.requestId,
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

const describeReply = (reply: PredictReply): string[] => [
  ...tableLines(reply.predictions, {
    prediction: (p) => p.value,
    by: (p) => p.model,
    variant: (p) => p.variant,
    id: (p) => p.id,
    warnings: (p) => p.warnings.join('; ') || null,
  }),
  `revision ${reply.revision}, ${formatNumber(reply.milliseconds.total)} ms${reply.fallbackReason ? `, fallback: ${reply.fallbackReason}` : ''}`,
];
