/** What a prediction is worth, row by row, as people declare it. */
import { errors, TidemillError } from '../../../base/errors.ts';
import { compileExpression } from '../../../base/expressions/cel.ts';
import { calledClasses } from './figures.ts';
import type { CuttingColumn, JudgedRows, ValueInput } from './rows.ts';

/**
 * Per row the value of the expression. `prediction` and `outcome` are numbers of a regression, a score and true or
 * false of two classes, the called and the true label of several. A missing value is null.
 * @throws evaluationValueInvalid naming the first row that has none
 */
export function valuesOf(rows: JudgedRows, { expression, columns }: ValueInput): Float64Array {
  const { truth, task, prediction, score, classes, positive, table } = rows;
  const compiled = compileExpression(expression);
  const called = task === 'regression' ? null : calledClasses(rows);
  const outcomeOf = (row: number): unknown => {
    const value = truth[row] as number;
    return task === 'regression' ? value : task === 'binary' ? value === positive : classes[value];
  };
  const predictionOf = (row: number): unknown => {
    if (task === 'regression') return prediction?.[row];
    if (score) return score[row];
    const code = called?.[row] ?? 0;
    return task === 'binary' ? code === positive : classes[code];
  };
  const values = new Float64Array(truth.length);
  for (let row = 0; row < values.length; row += 1) {
    const variables: Record<string, unknown> = { prediction: predictionOf(row), outcome: outcomeOf(row) };
    for (const column of columns) variables[column.name] = cellOf(column, row);
    try {
      values[row] = compiled.evaluateNumber(variables);
    } catch (error) {
      if (!(error instanceof TidemillError)) throw error;
      throw errors.evaluationValueInvalid({ dataset: table, row: row + 1, reason: error.message });
    }
  }
  return values;
}

function cellOf({ kind, values, labels }: CuttingColumn, row: number): unknown {
  const value = values[row] as number;
  if (Number.isNaN(value)) return null;
  return kind === 'codes' ? labels[value] : value;
}
