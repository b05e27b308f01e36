import { errors } from '../../base/errors.ts';
import { compileExpression } from '../../base/expressions/cel.ts';
import type { Runtime, RuntimeSource } from './inference.ts';
import { assertFeatures, assertShape, reasonOf } from './shape.ts';
import { castInputs, chooseOutputs, fitInputs } from './tensor-fit.ts';
import type { TensorSpec } from './tensors.ts';

/** A rule instead of a model: the fallback that always answers. */
export async function openRule(source: Extract<RuntimeSource, { kind: 'rule' }>): Promise<Runtime> {
  const { model, featureNames } = source;
  const example = Object.fromEntries(featureNames.map((name) => [name, 0]));
  const expression = compileExpression(source.expression, { example });
  let closed = false;
  const signature = {
    inputs: featureNames.map((name): TensorSpec => ({ name, datatype: 'FP64', shape: [-1, 1] })),
    outputs: [{ name: 'value', datatype: 'FP64', shape: [-1] } satisfies TensorSpec],
  };

  function assertOpen(signal: AbortSignal | undefined): void {
    if (closed) throw errors.runtimeUnavailable({ model, reason: 'it was closed' });
    if (signal?.aborted) throw errors.computeCancelled({ reason: reasonOf(signal.reason) });
  }

  function predictRow(rows: Float32Array | Float64Array, start: number): number {
    const record = Object.fromEntries(featureNames.map((name, i) => [name, rows[start + i] ?? Number.NaN]));
    const value = expression.evaluate(record);
    if (typeof value === 'boolean') return value ? 1 : 0;
    return expression.evaluateNumber(record);
  }

  return {
    kind: 'rule',
    signature,
    async infer(inputs, wanted, signal) {
      assertOpen(signal);
      chooseOutputs(signature.outputs, wanted);
      const columns = fitInputs(signature.inputs, castInputs(signature.inputs, inputs));
      const rowCount = columns[0]?.shape[0] ?? 1;
      const record = new Float64Array(columns.length);
      const data = Float64Array.from({ length: rowCount }, (_, row) => {
        for (const [i, column] of columns.entries()) record[i] = Number(column.data[row]);
        return predictRow(record, 0);
      });
      return [{ name: 'value', datatype: 'FP64', shape: [rowCount], data }];
    },
    async predict(rows, rowCount, featureCount, signal) {
      assertOpen(signal);
      assertShape(rows, rowCount, featureCount);
      assertFeatures(featureNames.length, featureCount);
      return Float64Array.from({ length: rowCount }, (_, row) => predictRow(rows, row * featureCount));
    },
    describe: () => ({ kind: 'rule', state: closed ? 'dead' : 'ready', restarts: 0 }),
    async close() {
      closed = true;
    },
  };
}
