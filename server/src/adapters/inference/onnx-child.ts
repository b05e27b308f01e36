/** The child process of `onnx-process.ts`: one model, requests answered in the order they came. */
import { TidemillError } from '../../base/errors.ts';
import { type OnnxSession, openSession } from './onnx-session.ts';
import { reasonOf } from './shape.ts';

export type ToChild =
  | { readonly kind: 'open'; readonly path: string; readonly output?: string }
  | {
      readonly kind: 'predict';
      readonly id: number;
      readonly rows: Float32Array;
      readonly rowCount: number;
      readonly featureCount: number;
    };

export type FromChild =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'values'; readonly id: number; readonly values: Float64Array | Float32Array }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string; readonly details?: object };

const send = (message: FromChild): void => void process.send?.(message);
let session: OnnxSession | undefined;

async function open({ path, output }: Extract<ToChild, { kind: 'open' }>): Promise<void> {
  try {
    session = await openSession(path, output);
    send({ kind: 'ready' });
  } catch (error) {
    send({ kind: 'unreadable', reason: reasonOf(error) });
  }
}

async function predict(order: Extract<ToChild, { kind: 'predict' }>): Promise<void> {
  const { id } = order;
  try {
    const values = await session?.run(order.rows, order.rowCount, order.featureCount);
    send(values ? { kind: 'values', id, values } : { kind: 'failed', id, reason: 'it is not loaded yet' });
  } catch (error) {
    const details =
      error instanceof TidemillError && error.code === 'modelInputInvalid' ? error.details : undefined;
    send({ kind: 'failed', id, reason: reasonOf(error), ...(details ? { details } : {}) });
  }
}

process.on('message', (order: ToChild) => void (order.kind === 'open' ? open(order) : predict(order)));
// Without its parent nobody can ask it anything.
process.on('disconnect', () => process.exit(0));
// Ctrl+C reaches the whole group; the parent decides when the child goes.
process.on('SIGINT', () => undefined);
