import { errors } from '../../base/errors.ts';
import { compileExpression } from '../../base/expressions/cel.ts';
import type { Runtime, RuntimeSource } from './inference.ts';
import { assertFeatures, assertShape, reasonOf } from './shape.ts';

/** A rule instead of a model: the fallback that always answers. */
export async function openRule(source: Extract<RuntimeSource, { kind: 'rule' }>): Promise<Runtime> {
  const { model, featureNames } = source;
  const example = Object.fromEntries(featureNames.map((name) => [name, 0]));
  const expression = compileExpression(source.expression, { example });
  let closed = false;

  function predictRow(rows: Float32Array, start: number): number {
    const record = Object.fromEntries(featureNames.map((name, i) => [name, rows[start + i] ?? Number.NaN]));
    const value = expression.evaluate(record);
    if (typeof value === 'boolean') return value ? 1 : 0;
    return expression.evaluateNumber(record);
  }

  return {
    kind: 'rule',
    async predict(rows, rowCount, featureCount, signal) {
      if (closed) throw errors.runtimeUnavailable({ model, reason: 'it was closed' });
      if (signal?.aborted) throw errors.computeCancelled({ reason: reasonOf(signal.reason) });
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
