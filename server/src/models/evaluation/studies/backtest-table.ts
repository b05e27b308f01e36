/** Judges forecasts that a table holds, by how many times ahead each was made. */
import type { BacktestReport } from '@tidemill/contract';
import type { Analytics } from '../../../adapters/analytics/analytics.ts';
import type { Compute } from '../../../adapters/executor/executor.ts';
import { errors } from '../../../base/errors.ts';
import { pick } from '../../../base/statistics/scores/order.ts';
import { assertHolds, finite, type NamedColumn, placesOf, type Rule } from '../judgement/rows.ts';
import { columnOf, commonValues, createReading, numberText } from '../reading/columns.ts';
import type { JudgedTable } from '../reading/judged-table.ts';
import { timeExpression, toTimeLabel } from '../reading/window-table.ts';
import { scoringModule, seriesOf } from './backtest-model.ts';
import type { BacktestScores, TableForecasts } from './backtest-scores.ts';
import type { Findings, OnStep, StudyInput } from './rules.ts';

const mostSeries = 10_000;
const ahead: Rule = {
  holds: (value) => Number.isInteger(value) && value >= 1,
  wanted: 'a whole number of times ahead, at least 1',
};

export async function backtestTable(
  { analytics, compute }: { readonly analytics: Analytics; readonly compute: Pick<Compute, 'compute'> },
  request: StudyInput,
  table: JudgedTable,
  { signal, onStep }: { signal: AbortSignal; onStep: OnStep },
): Promise<Findings> {
  const { target, timeColumn = '', predictions = {}, backtest = {} } = request;
  const { horizonColumn = '', seriesColumn, season, folds = 5 } = backtest;
  onStep('reading the forecasts');
  if (table.rows === 0)
    throw errors.evaluationRowsMissing({ dataset: table.reference, reason: 'it is empty' });
  const reading = createReading(analytics, table, timeColumn, signal);
  const add = (name: string) => ({ name, at: reading.add(numberText(table, name)) });
  const roles = {
    truth: add(target),
    prediction: add(predictions.prediction ?? ''),
    horizon: add(horizonColumn),
    time: { name: timeColumn, at: reading.add(timeExpression(table, timeColumn)) },
  };
  const quantiles = Object.entries(predictions.quantiles ?? {}).map(([level, name]) => ({
    level: Number(level),
    ...add(name),
  }));
  const series = seriesColumn === undefined ? null : await addSeries(seriesColumn);
  const values = await reading.read(null);
  const column = ({ name, at }: { name: string; at: number }): NamedColumn => ({
    name,
    values: values[at] as Float64Array,
  });
  const truth = column(roles.truth);
  const labelled = placesOf(truth.values, (value) => !Number.isNaN(value));
  if (labelled.length < 2) {
    const reason = `'${target}' is known in ${labelled.length} of its ${table.rows} rows`;
    throw errors.evaluationRowsMissing({ dataset: table.reference, reason });
  }
  const checked = (role: { name: string; at: number }, rule: Rule): Float64Array => {
    const read = column(role);
    assertHolds(table.reference, read, labelled, rule);
    return pick(read.values, labelled);
  };
  const forecasts: TableForecasts = {
    truth: checked(roles.truth, finite),
    prediction: checked(roles.prediction, finite),
    horizon: checked(roles.horizon, ahead),
    time: checked(roles.time, finite),
    quantiles: quantiles.map((role) => ({ level: role.level, values: checked(role, finite) })),
    series: series ? checked(series, finite) : new Float64Array(labelled.length),
    season: season ?? null,
    folds,
  };
  const { rounds = 1000, alpha = 0.05, seed = 1 } = request;
  onStep('scoring the forecasts', 0.5);
  const { scores, fold, naive } = await compute.compute<{
    scores: BacktestScores;
    fold: Float64Array;
    naive: Float64Array;
  }>(
    { module: scoringModule, name: 'scoreTable', input: { table: forecasts, rounds, alpha, seed } },
    { signal },
  );
  const label = toTimeLabel(columnOf(table, timeColumn).type);
  const timeOf = (i: number) => label(forecasts.time[i] as number);
  const report: BacktestReport = {
    ...{ window: 'given', refitted: false, season: season ?? null, gap: 0 },
    ...scores,
    folds: scores.folds.map((found, i) => {
      const [first, last] = [fold.indexOf(i), fold.lastIndexOf(i)];
      return {
        trainFrom: null,
        trainTo: null,
        trainRows: null,
        from: timeOf(first),
        to: timeOf(last),
        ...found,
      };
    }),
    series: seriesOf({ ...forecasts, naive, fold }, timeOf),
  };
  const unknown = naive.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
  const notes = [
    'Folds are blocks of origins in order; MASE is measured in the naive errors of these very rows.',
    ...(labelled.length < table.rows
      ? [`${table.rows - labelled.length} of ${table.rows} rows have no label yet and are left out.`]
      : []),
    ...(unknown > 0
      ? [`${unknown} forecasts were made before the table's first truth: the naive rules have none for them.`]
      : []),
  ];
  return { task: 'regression', rows: labelled.length, ofRows: table.rows, notes, backtest: report };

  async function addSeries(name: string) {
    const found = columnOf(table, name);
    const list = await commonValues(analytics, table, found, mostSeries + 1, signal);
    if (list.length <= mostSeries) return { name, at: reading.addPlace(found, list) };
    const reason = `holds more than ${mostSeries} series`;
    throw errors.evaluationColumnInvalid({ dataset: table.reference, column: name, reason });
  }
}
