import type { OutcomesReply, PredictionRecord } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { failures } from '../../failure.ts';
import { readRecords } from '../../files.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { toRecord, toTime } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatMoment } from '../../table.ts';

export function addPredictionsCommands(program: Command): void {
  const predictions = program
    .command('predictions')
    .description('the log of what was answered, and how it turned out');
  addList(predictions);
  addShow(predictions);
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

interface ListOptions extends Limited, Period {
  model?: string;
  variant?: string;
  status?: PredictionRecord['status'];
  source?: PredictionRecord['source'];
  role?: PredictionRecord['role'];
  caller?: string;
  key?: string;
  request?: string;
}

function addList(predictions: Command): void {
  const list = predictions
    .command('list <endpoint>')
    .description('logged predictions with their outcomes, newest event time first')
    .option('--model <reference>', 'only by this model version')
    .option('--variant <name>', 'only of this variant')
    .addOption(
      new Option('--status <status>', 'only what ended so').choices(['ok', 'fallback', 'failed', 'refused']),
    )
    .addOption(new Option('--source <source>', 'only answered by').choices(['model', 'fallback']))
    .addOption(new Option('--role <role>', 'only of').choices(['live', 'shadow']))
    .option('--caller <actor>', 'only asked by, such as token:shop')
    .option(
      '--key <entity>',
      'only of this entity, such as AAPL, or ["AAPL","XNAS"] where it has more columns',
    )
    .option('--request <id>', 'only of this request id')
    .option('--from <time>', 'event time from')
    .option('--to <time>', 'event time to')
    .addOption(limitOption())
    .action(async (name: string, options: ListOptions, command: Command) => {
      const session = sessionOf(command);
      const { from: _, to: __, limit, request: requestId, ...asked } = options;
      const narrowed = { name, requestId, ...asked, ...toPeriod(options) };
      const items = await listUpTo(limit, (page) =>
        session.client.predictions.list({ ...narrowed, ...page }),
      );
      session.list(
        items,
        {
          'event time': (p) => formatMoment(p.eventTime),
          key: (p) => p.key,
          prediction: (p) => p.prediction ?? (p.output && JSON.stringify(p.output)),
          outcome: (p) => p.outcome ?? p.outcomeLabel,
          error: (p) => (p.outcome === null || p.prediction === null ? null : p.prediction - p.outcome),
          by: (p) => (p.error === null ? p.model : p.status),
          role: (p) => p.role,
          ms: (p) => p.totalMs,
          id: (p) => p.id,
        },
        `${name} has not been asked yet, or nothing is so.`,
      );
    });
  example(list, 'predictions list forecast --model forecaster@2 --from 2024-03-01 --status fallback');
}

function addShow(predictions: Command): void {
  const show = predictions
    .command('show <endpoint> <id>')
    .description('one prediction: who asked, what the model saw, what was answered and how long it took')
    .action(async (name: string, id: string, _options: unknown, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.predictions.get({ name, id }), describe);
    });
  example(show, 'predictions show forecast prediction_01a208ae3cf978d286069e02254a56df-0');
}

function describe(p: PredictionRecord): string[] {
  const answer = p.prediction ?? (p.output && JSON.stringify(p.output)) ?? 'none';
  const by = p.source === 'fallback' ? `fallback${p.fallbackStep ? ` (${p.fallbackStep})` : ''}` : p.model;
  return [
    `${p.id}  ${p.status}`,
    `asked     ${formatMoment(p.at)} by ${p.caller ?? 'somebody'}${p.requestId ? `, request ${p.requestId}` : ''}`,
    `for       ${p.key} at ${formatMoment(p.eventTime)}`,
    `answer    ${answer}${p.error ? `: ${p.error}` : ` by ${by}`}`,
    ...(p.fallbackReason ? [`because   ${p.fallbackReason}`] : []),
    `revision  ${p.revision}, variant ${p.variant || 'none'}, ${p.role}`,
    `features  ${JSON.stringify(p.features)}`,
    ...p.warnings.map((warning) => `warning   ${warning}`),
    `took      ${p.totalMs} ms: queue ${p.queueMs}, features ${p.featureMs}, inference ${p.inferenceMs}`,
    `outcome   ${p.outcome ?? p.outcomeLabel ?? 'not known'}${p.outcomeAt === null ? '' : `, known since ${formatMoment(p.outcomeAt)}`}`,
  ];
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
          accuracy: (g) => g.accuracy,
          'log loss': (g) => g.logLoss,
          brier: (g) => g.brier,
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
  value?: string;
  file?: string;
}

type Outcome = { value: number | string } & Record<string, unknown>;

function addRecord(outcomes: Command): void {
  const record = outcomes
    .command('record <endpoint>')
    .description('record outcomes, by prediction id or by entity and event time; acknowledged means durable')
    .option('--prediction <id>', 'the prediction it belongs to')
    .option('--entity <key=value...>', 'or the entity it is about')
    .option('--event-time <time>', 'and the moment it was predicted for')
    .option('--value <value>', 'what it was: a number, or the name of a class')
    .option('--observed-at <time>', 'when it became known (default: now)')
    .option('--file <file>', 'JSON or NDJSON outcomes (- is standard input)')
    .action(async (name: string, options: RecordOptions, command: Command) => {
      const session = sessionOf(command);
      const items = options.file ? await readRecords(options.file) : [toOutcome(options)];
      // The contract's schema judges what a file holds; here it is only handed on.
      const reply = await session.client.predictions.recordOutcomes({ name, outcomes: items as Outcome[] });
      session.show(reply, outcomeText);
    });
  example(record, 'outcomes record forecast --entity symbol=AAPL --event-time 2024-03-01 --value 179.66');
}

function outcomeText(reply: OutcomesReply): string {
  const { accepted, corrected, unchanged, unmatched } = reply;
  const told = Object.entries({ corrected, unchanged, unmatched }).filter(([, count]) => count > 0);
  const rest = told.map(([word, count]) => `${count} ${word}`).join(', ');
  return `${accepted} accepted${rest && `, of these ${rest}`}.`;
}

function toOutcome(options: RecordOptions): Outcome {
  const { prediction, entity, eventTime, observedAt, value } = options;
  if (value === undefined)
    throw failures.optionMissing('--value', 'give a number or a class, or outcomes by --file.');
  if (prediction === undefined && (!entity || eventTime === undefined)) {
    throw failures.optionMissing('--prediction', 'give its id, or --entity and --event-time.');
  }
  return {
    value: Number.isFinite(Number(value)) && value.trim() !== '' ? Number(value) : value,
    predictionId: prediction,
    entity: entity && toRecord(entity),
    eventTime: eventTime === undefined ? undefined : toTime(eventTime),
    observedAt: observedAt === undefined ? undefined : toTime(observedAt),
  };
}
