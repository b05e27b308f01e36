/** Tables whose rows have several labels each, or are ranked for queries, as what a judgement is made of. */
import type { PredictionColumns } from '@tidemill/contract';
import type { Analytics } from '../../../adapters/analytics/analytics.ts';
import { errors } from '../../../base/errors.ts';
import { quoteName } from '../../../base/sql-text.ts';
import type { LabelColumns, LabelsInput } from '../judgement/labels.ts';
import type { RankingInput } from '../judgement/ranking.ts';
import type { NamedColumn } from '../judgement/rows.ts';
import type { EvaluationInput } from '../rules.ts';
import { columnOf, createReading, numberText } from './columns.ts';
import type { JudgedTable } from './judged-table.ts';
import { addInputs, defaults, type ModelInput } from './prediction-table.ts';
import { findWindow, timeExpression, toTimeLabel } from './window-table.ts';

export type SetInput = LabelsInput | RankingInput;

export interface ReadSets {
  readonly judged: SetInput;
  readonly times: { readonly values: Float64Array; readonly labelOf: (time: number) => string } | null;
  /** What models that are to be run take, by name. */
  readonly inputs: ReadonlyMap<string, Float64Array>;
  readonly texts: ReadonlyMap<string, readonly string[]>;
}

type At = () => NamedColumn;

/** @param inputs of models that are to be run; null where the table has the predictions. */
export async function readSets(
  analytics: Pick<Analytics, 'query' | 'columns' | 'numbers'>,
  table: JudgedTable,
  request: EvaluationInput,
  signal: AbortSignal,
  inputs: readonly ModelInput[] | null,
): Promise<ReadSets> {
  if (table.rows === 0)
    throw errors.evaluationRowsMissing({ dataset: table.reference, reason: 'it is empty' });
  const { timeColumn, predictions = {}, against } = request;
  const reading = createReading(analytics, table, timeColumn, signal);
  let values: readonly Float64Array[] = [];
  const later = (name: string, expression: string): At => {
    const place = reading.add(expression);
    return () => ({ name, values: values[place] as Float64Array });
  };
  const number = (name: string) => later(name, numberText(table, name));
  const plan = request.labels
    ? planLabels(request, table, request.labels, number)
    : planRanking(request, table, number, later);
  const own = inputs ? null : plan.columns(predictions);
  const others = against ? plan.columns(against) : null;
  const baseline = request.baseline === undefined ? null : number(request.baseline);
  const given = await addInputs(analytics, table, inputs ?? [], reading, signal);
  const time = timeColumn === undefined ? null : later('', timeExpression(table, timeColumn));
  const bounds =
    timeColumn === undefined || (!request.window && !inputs)
      ? null
      : await findWindow(analytics, table, table.source, { timeColumn, window: request.window });
  values = await reading.read(bounds);
  return {
    judged: plan.judged({ own, others, baseline }),
    times:
      time && timeColumn !== undefined
        ? { values: time().values, labelOf: toTimeLabel(columnOf(table, timeColumn).type) }
        : null,
    inputs: new Map(given.map(({ name, at }) => [name, values[at] as Float64Array])),
    texts: new Map(given.flatMap(({ name, labels }) => (labels ? [[name, labels]] : []))),
  };
}

type Columns = () => LabelColumns & { readonly score: NamedColumn | null; readonly name: string };

interface Plan {
  /** @throws evaluationRequestInvalid */
  columns(predictions: PredictionColumns): Columns;
  /** Once the columns are read. */
  judged(sides: {
    readonly own: Columns | null;
    readonly others: Columns | null;
    readonly baseline: At | null;
  }): SetInput;
}

const refuse = (reason: string, remedy: string): never => {
  throw errors.evaluationRequestInvalid({ reason, remedy });
};

const drawing = ({ alpha, rounds, seed }: EvaluationInput) => ({
  alpha: alpha ?? defaults.alpha,
  rounds: rounds ?? defaults.rounds,
  seed: seed ?? defaults.seed,
});

function planLabels(
  request: EvaluationInput,
  table: JudgedTable,
  columns: Readonly<Record<string, string>>,
  number: (name: string) => At,
): Plan {
  const labels = Object.keys(columns);
  const truth = Object.values(columns).map(number);
  const weight = request.weight === undefined ? null : number(request.weight);
  const each = (given: Readonly<Record<string, string>> | undefined, what: string) => {
    if (!given) return null;
    const missing = labels.filter((label) => given[label] === undefined);
    const unknown = Object.keys(given).filter((label) => !labels.includes(label));
    if (missing.length > 0) refuse(`${what} lacks ${missing.join(', ')}`, 'Name a column for every label');
    if (unknown.length > 0)
      refuse(`${what} has no such label: ${unknown.join(', ')}`, `Labels are ${labels.join(', ')}`);
    return labels.map((label) => number(given[label] ?? ''));
  };
  return {
    columns({ probabilities, called }) {
      const [scores, calls] = [each(probabilities, "'probabilities'"), each(called, "'called'")];
      if (!scores && !calls)
        refuse(
          'it names no column of predictions',
          "Name a column for every label in 'probabilities' or 'called'",
        );
      const name = [...Object.values(probabilities ?? {}), ...Object.values(called ?? {})].join(', ');
      return () => ({
        scores: scores?.map((at) => at()) ?? null,
        called: calls?.map((at) => at()) ?? null,
        ...{ score: null, name },
      });
    },
    judged: ({ own, others }) => ({
      task: 'multilabel',
      ...{ table: table.reference, labels, truth: truth.map((at) => at()), weight: weight?.() ?? null },
      ...(own?.() ?? { scores: null, called: null }),
      rivals: others ? [{ kind: 'champion', ...others() }] : [],
      threshold: request.threshold ?? defaults.threshold,
      ...drawing(request),
    }),
  };
}

function planRanking(
  request: EvaluationInput,
  table: JudgedTable,
  number: (name: string) => At,
  later: (name: string, expression: string) => At,
): Plan {
  const name = columnOf(table, request.query ?? '').name;
  const query = later(
    name,
    `cast(case when ${quoteName(name)} is not null then dense_rank() over (order by ${quoteName(name)}) end as double)`,
  );
  const label = number(request.target);
  return {
    columns({ score, prediction }) {
      const chosen = score ?? prediction;
      if (chosen === undefined)
        return refuse(
          'it names no column of predictions',
          "Name the column that rows are ranked by as 'score'",
        );
      const at = number(chosen);
      return () => ({ scores: null, called: null, score: at(), name: chosen });
    },
    judged: ({ own, others, baseline }) => ({
      task: 'ranking',
      ...{ table: table.reference, label: label(), query: query(), score: own?.().score ?? null },
      rivals: [
        ...(others ? [{ kind: 'champion' as const, ...others() }] : []),
        ...(baseline ? [{ kind: 'baseline' as const, name: baseline().name, score: baseline() }] : []),
      ],
      cutoffs: request.cutoffs ?? [5, 10],
      ...drawing(request),
    }),
  };
}
