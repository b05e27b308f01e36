import { type Command, Option } from 'commander';
import { failures } from '../../failure.ts';
import { readRecords } from '../../files.ts';
import { example, type Limited, limitOption } from '../../pages.ts';
import { toNumber, toRecord, toTime } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatMoment } from '../../table.ts';

export function addPredictionsCommands(program: Command): void {
  const predictions = program
    .command('predictions')
    .description('the log of what was answered, and how it turned out');
  addList(predictions);
  addPerformance(predictions);
  addRecord(program.command('outcomes').description('what really happened'));
}

interface Period {
  readonly from?: string;
  readonly to?: string;
}

const toPeriod = ({ from, to }: Period) => ({
  from: from === undefined ? undefined : toTime(from),
  to: to === undefined ? undefined : toTime(to),
});

function addList(predictions: Command): void {
  const list = predictions
    .command('list <endpoint>')
    .description('logged predictions with their outcomes, newest event time first')
    .option('--model <reference>', 'only by this model version')
    .option('--from <time>', 'event time from')
    .option('--to <time>', 'event time to')
    .addOption(limitOption())
    .action(async (name: string, options: Limited & Period & { model?: string }, command: Command) => {
      const session = sessionOf(command);
      const { limit, model } = options;
      const { items } = await session.client.predictions.list({ name, limit, model, ...toPeriod(options) });
      session.list(
        items,
        {
          'event time': (p) => formatMoment(p.eventTime),
          key: (p) => p.key,
          prediction: (p) => p.prediction,
          outcome: (p) => p.outcome,
          error: (p) => (p.outcome === null || p.prediction === null ? null : p.prediction - p.outcome),
          by: (p) => p.model,
          role: (p) => p.role,
          ms: (p) => p.totalMs,
          id: (p) => p.id,
        },
        `${name} has not been asked yet.`,
      );
    });
  example(list, 'predictions list forecast --model forecaster@2 --from 2024-03-01');
}

function addPerformance(predictions: Command): void {
  const performance = predictions
    .command('performance <endpoint>')
    .description('realised error per model, role and period')
    .addOption(
      new Option('--bucket <period>', 'per').choices(['day', 'month', 'all'] as const).default('month'),
    )
    .option('--from <time>', 'event time from')
    .option('--to <time>', 'event time to')
    .action(async (name: string, options: Period & { bucket: 'day' | 'month' | 'all' }, command: Command) => {
      const session = sessionOf(command);
      const { groups } = await session.client.predictions.performance({
        name,
        bucket: options.bucket,
        ...toPeriod(options),
      });
      session.list(
        groups,
        {
          period: (g) => g.bucket,
          model: (g) => g.model,
          role: (g) => g.role,
          predictions: (g) => g.count,
          outcomes: (g) => g.outcomes,
          mae: (g) => g.mae,
          bias: (g) => g.bias,
        },
        `${name} has no outcomes yet. Record one: tidemill outcomes record ${name} --help`,
      );
    });
  example(performance, 'predictions performance forecast --bucket month');
}

interface RecordOptions {
  prediction?: string;
  entity?: string[];
  eventTime?: string;
  observedAt?: string;
  value?: number;
  file?: string;
}

type Outcome = { value: number } & Record<string, unknown>;

function addRecord(outcomes: Command): void {
  const record = outcomes
    .command('record <endpoint>')
    .description('record outcomes, by prediction id or by entity and event time; acknowledged means durable')
    .option('--prediction <id>', 'the prediction it belongs to')
    .option('--entity <key=value...>', 'or the entity it is about')
    .option('--event-time <time>', 'and the moment it was predicted for')
    .option('--value <number>', 'what it was', toNumber)
    .option('--observed-at <time>', 'when it became known (default: now)')
    .option('--file <file>', 'JSON or NDJSON outcomes (- is standard input)')
    .action(async (name: string, options: RecordOptions, command: Command) => {
      const session = sessionOf(command);
      const items = options.file ? await readRecords(options.file) : [toOutcome(options)];
      // The contract's schema judges what a file holds; here it is only handed on.
      const reply = await session.client.predictions.recordOutcomes({ name, outcomes: items as Outcome[] });
      session.show(reply, (r) => `${r.accepted} accepted.`);
    });
  example(record, 'outcomes record forecast --entity symbol=AAPL --event-time 2024-03-01 --value 179.66');
}

function toOutcome(options: RecordOptions): Outcome {
  const { prediction, entity, eventTime, observedAt, value } = options;
  if (value === undefined) throw failures.optionMissing('--value', 'give a number, or outcomes by --file.');
  if (prediction === undefined && (!entity || eventTime === undefined)) {
    throw failures.optionMissing('--prediction', 'give its id, or --entity and --event-time.');
  }
  return {
    value,
    predictionId: prediction,
    entity: entity && toRecord(entity),
    eventTime: eventTime === undefined ? undefined : toTime(eventTime),
    observedAt: observedAt === undefined ? undefined : toTime(observedAt),
  };
}
