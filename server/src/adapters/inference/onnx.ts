import { errors } from '../../base/errors.ts';
import type { Runtime, RuntimeSource } from './inference.ts';
import { openSession } from './onnx-session.ts';
import { assertShape, reasonOf } from './shape.ts';
import { tableOf } from './tensor-table.ts';

/** In this process: fastest for small models, but a crash inside onnxruntime is a crash of the server. */
export async function openOnnx(source: Extract<RuntimeSource, { path: string }>): Promise<Runtime> {
  const { model, path, output } = source;
  const session = await openSession(model, path, output).catch((error: unknown) => {
    throw errors.modelUnreadable({ model, reason: reasonOf(error) }, error);
  });
  let closed = false;

  function assertOpen(signal: AbortSignal | undefined): void {
    if (closed) throw errors.runtimeUnavailable({ model, reason: 'it was closed' });
    if (signal?.aborted) throw errors.computeCancelled({ reason: reasonOf(signal.reason) });
  }

  const infer: Runtime['infer'] = async (inputs, wanted, signal) => {
    assertOpen(signal);
    return session.infer(inputs, wanted);
  };

  return {
    kind: 'onnx',
    signature: session.signature,
    infer,
    ...tableOf(model, session.signature, infer),
    async predict(rows, rowCount, featureCount, signal) {
      assertOpen(signal);
      assertShape(rows, rowCount, featureCount);
      return session.run(rows, rowCount, featureCount);
    },
    describe: () => ({ kind: 'onnx', state: closed ? 'dead' : 'ready', restarts: 0 }),
    async close() {
      if (closed) return;
      closed = true;
      await session.release();
    },
  };
}
