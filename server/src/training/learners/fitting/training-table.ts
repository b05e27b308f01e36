import type { Analytics, ColumnHead, TableSource } from '../../../adapters/analytics/analytics.ts';
import { errors } from '../../../base/errors.ts';
import { quoteName } from '../../../base/sql-text.ts';
import type { TrainingColumns, TrainingTable } from '../rules.ts';

const numeric = new Set(['integer', 'double', 'boolean']);
const ordered = new Set(['integer', 'double', 'date', 'timestamp']);

/**
 * Refuses columns that are not there, that are no numbers, or that would tell the model its answer.
 * @throws datasetColumnNotFound, trainingColumnInvalid
 */
export function assertTrainingColumns(wanted: TrainingColumns, found: readonly ColumnHead[]): void {
  const { reference, features, target, timeColumn } = wanted;
  const types = new Map(found.map((column) => [column.name, column.type]));
  const known = found.map((column) => column.name).join(', ');
  const invalid = (column: string, reason: string) =>
    errors.trainingColumnInvalid({ reference, column, reason });
  for (const column of [...features, target, timeColumn])
    if (!types.has(column)) throw errors.datasetColumnNotFound({ reference, column, known });
  for (const column of [...features, target]) {
    const type = types.get(column) ?? '';
    if (!numeric.has(type)) throw invalid(column, `holds ${type}, and learners take numbers`);
  }
  if (!ordered.has(types.get(timeColumn) ?? ''))
    throw invalid(timeColumn, `holds ${types.get(timeColumn)}, which is neither time nor number`);
  const twice = features.find((feature, index) => features.indexOf(feature) !== index);
  if (twice !== undefined) throw invalid(twice, 'is named twice among the features');
  if (features.includes(target)) throw invalid(target, 'is the target and cannot be a feature too');
}

/**
 * Reads the columns of a training set, oldest rows first.
 * @throws datasetColumnNotFound, trainingColumnInvalid, trainingValueMissing naming column and row count
 */
export async function readTrainingTable(
  analytics: Pick<Analytics, 'columns'>,
  source: TableSource,
  wanted: TrainingColumns,
  signal?: AbortSignal,
): Promise<TrainingTable> {
  const tables = { training: source };
  const { names, types } = await analytics.columns({ sql: 'select * from training limit 0', tables });
  const heads = names.map((name, i) => ({ name, type: types[i] ?? 'text' }));
  assertTrainingColumns(wanted, heads);
  const timeType = heads.find((head) => head.name === wanted.timeColumn)?.type;
  const columns = [...wanted.features, wanted.target];
  const parts = [
    ...columns.map((name, i) => `cast(${quoteName(name)} as double) as c${i}`),
    `${timeExpression(wanted.timeColumn, timeType)} as t`,
  ];
  const sql = `select ${parts.join(', ')} from training`;
  const { values } = await analytics.columns({ sql, tables, ...(signal && { signal }) });
  return toTable(wanted, values as readonly Float64Array[]);
}

/** Microseconds fit a double exactly for the next two centuries. */
function timeExpression(name: string, type: string | undefined): string {
  const column = quoteName(name);
  if (type === 'date' || type === 'timestamp')
    return `cast(epoch_us(cast(${column} as timestamp)) as double)`;
  return `cast(${column} as double)`;
}

function toTable(wanted: TrainingColumns, values: readonly Float64Array[]): TrainingTable {
  [...wanted.features, wanted.target, wanted.timeColumn].forEach((column, index) => {
    assertNoneMissing(wanted.reference, column, values[index] ?? new Float64Array(0));
  });
  const time = values.at(-1) ?? new Float64Array(0);
  const order = Uint32Array.from(time, (_, row) => row).sort(
    (a, b) => (time[a] ?? 0) - (time[b] ?? 0) || a - b,
  );
  const [target, ...features] = [values.at(-2), ...values.slice(0, -2)].map((column) =>
    arrange(column ?? new Float64Array(0), order),
  );
  return {
    features: { names: wanted.features, rows: order.length, columns: features },
    target: target ?? new Float64Array(0),
    time: arrange(time, order),
  };
}

function assertNoneMissing(reference: string, column: string, values: Float64Array): void {
  const first = values.findIndex((value) => !Number.isFinite(value));
  if (first < 0) return;
  const rows = values.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
  throw errors.trainingValueMissing({ reference, column, rows, total: values.length, first: first + 1 });
}

/** In shared memory, so that worker threads read the same bytes and nothing is copied per trial. */
function arrange(values: Float64Array, order: Uint32Array): Float64Array {
  const arranged = new Float64Array(new SharedArrayBuffer(values.length * 8));
  order.forEach((row, i) => {
    arranged[i] = values[row] ?? Number.NaN;
  });
  return arranged;
}
