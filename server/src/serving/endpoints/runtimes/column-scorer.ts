/** A model version asked about columns instead of records: the same tensors and the same reading of its answers. */
import type { ModelVersion, PredictionValue } from '@tidemill/contract';
import type { Runtime } from '../../../adapters/inference/inference.ts';
import type { Tensor } from '../../../adapters/inference/tensors.ts';
import { errors } from '../../../base/errors.ts';
import {
  type ColumnBuffer,
  type InputColumn,
  type ModelInput,
  toColumnTensors,
  toModelInput,
} from '../reading/model-input.ts';
import { readOutputs } from '../reading/model-output.ts';
import { createServedModel, takesMatrix } from './served-model.ts';

/** Numbers with NaN where the value is missing, times as microseconds; or texts. */
export type ScoredColumn = Float64Array | readonly (string | null)[];

export interface Scored {
  readonly value: PredictionValue | null;
  /** All outputs, where the value does not say it all. */
  readonly outputs: Readonly<Record<string, PredictionValue>> | null;
  readonly problem: string | null;
}

const timeoutMs = 600_000;

function inputOf(version: ModelVersion): ModelInput {
  const input = toModelInput(version);
  if (!input) throw errors.endpointTakesTensors({ endpoint: version.reference, model: version.reference });
  return input;
}

/** @throws endpointTakesTensors where the model has no columns by name */
export const inputNames = (version: ModelVersion): readonly string[] => inputOf(version).names;

/** @throws endpointTakesTensors where the model has no columns by name */
export function createColumnScorer(runtime: Runtime, version: ModelVersion) {
  const named = inputOf(version);
  const { columns: inputs, names } = named;
  const isMatrix = named.isMatrix && takesMatrix(runtime);
  const { table } = createServedModel(runtime, version);

  /** Rows with everything that the model needs. */
  function wholeRows(columns: readonly ScoredColumn[], rowCount: number, problems: (string | null)[]) {
    for (const [i, column] of columns.entries()) {
      const { name, isRequired, kind } = inputs[i] as InputColumn;
      for (let row = 0; row < rowCount; row++) {
        const value = column[row];
        const isMissing = value === null || value === undefined || Number.isNaN(value);
        if (isMissing ? isRequired : isMatrix && !Number.isFinite(Math.fround(Number(value))))
          problems[row] ??= isMissing ? `'${name}' is missing` : `'${name}' does not fit into a 32-bit float`;
        else if (!isMissing && (kind === 'text') !== (typeof value === 'string'))
          problems[row] ??= `'${name}' is no ${kind}`;
      }
    }
    return Array.from({ length: rowCount }, (_, row) => row).filter((row) => problems[row] === null);
  }

  function toTensors(columns: readonly ScoredColumn[], rows: readonly number[]): readonly Tensor[] {
    const width = columns.length;
    if (isMatrix) {
      const data = new Float32Array(rows.length * width);
      for (const [i, column] of columns.entries())
        for (const [at, row] of rows.entries()) data[at * width + i] = column[row] as number;
      return [{ name: 'rows', datatype: 'FP32', shape: [rows.length, width], data }];
    }
    const picked = columns.map(
      (column): ColumnBuffer =>
        column instanceof Float64Array
          ? Float64Array.from(rows, (row) => column[row] as number)
          : rows.map((row) => column[row] as string | null),
    );
    return toColumnTensors(named, picked);
  }

  return {
    names,

    /** `columns` as in `names`. Fails where the model could not be asked; a row that has no answer says why. */
    async score(columns: readonly ScoredColumn[], rowCount: number): Promise<Scored[]> {
      const problems: (string | null)[] = new Array(rowCount).fill(null);
      const rows = wholeRows(columns, rowCount, problems);
      const scored: Scored[] = problems.map((problem) => ({ value: null, outputs: null, problem }));
      if (rows.length === 0) return scored;
      const { output } = await table.submit(toTensors(columns, rows), rows.length, timeoutMs);
      const { values, details, reasons } = readOutputs(output, rows.length);
      for (const [at, row] of rows.entries())
        scored[row] = {
          value: values[at] ?? null,
          outputs: details?.[at]?.outputs ?? null,
          problem: reasons?.[at] ?? null,
        };
      return scored;
    },
  };
}

export type ColumnScorer = ReturnType<typeof createColumnScorer>;
