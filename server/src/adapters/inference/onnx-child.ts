/** The child process of `onnx-process.ts`: one model, requests answered in the order they came. */
import { TidemillError } from '../../base/errors.ts';
import type { Signature } from './inference.ts';
import { type OnnxSession, openSession } from './onnx-session.ts';
import { reasonOf } from './shape.ts';
import type { Tensor } from './tensors.ts';

export type ToChild =
  | { readonly kind: 'open'; readonly model: string; readonly path: string; readonly output?: string }
  | {
      readonly kind: 'predict';
      readonly id: number;
      readonly rows: Float32Array;
      readonly rowCount: number;
      readonly featureCount: number;
    }
  | {
      readonly kind: 'infer';
      readonly id: number;
      readonly inputs: readonly Tensor[];
      readonly wanted?: readonly string[];
    };

export type Given = Float64Array | Float32Array | readonly Tensor[];

export type FromChild =
  | { readonly kind: 'ready'; readonly signature: Signature }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'values'; readonly id: number; readonly values: Given }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly reason: string;
      /** An error of the catalogue. */
      readonly code?: string;
      readonly details?: object;
    };

const send = (message: FromChild): void => void process.send?.(message);
let session: OnnxSession | undefined;

async function open({ model, path, output }: Extract<ToChild, { kind: 'open' }>): Promise<void> {
  try {
    session = await openSession(model, path, output);
    send({ kind: 'ready', signature: session.signature });
  } catch (error) {
    send({ kind: 'unreadable', reason: reasonOf(error) });
  }
}

async function answer(order: Exclude<ToChild, { kind: 'open' }>): Promise<void> {
  const { id } = order;
  try {
    const values = await (order.kind === 'predict'
      ? session?.run(order.rows, order.rowCount, order.featureCount)
      : session?.infer(order.inputs, order.wanted));
    send(values ? { kind: 'values', id, values } : { kind: 'failed', id, reason: 'it is not loaded yet' });
  } catch (error) {
    const known = error instanceof TidemillError ? { code: error.code, details: error.details } : {};
    send({ kind: 'failed', id, reason: reasonOf(error), ...known });
  }
}

process.on('message', (order: ToChild) => void (order.kind === 'open' ? open(order) : answer(order)));
// Without its parent nobody can ask it anything.
process.on('disconnect', () => process.exit(0));
// Ctrl+C reaches the whole group; the parent decides when the child goes.
process.on('SIGINT', () => undefined);
