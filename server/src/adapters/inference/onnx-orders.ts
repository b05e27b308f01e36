/** What is asked of an ONNX model that lives in another thread or process, and how it answers. */
import { errors, TidemillError } from '../../base/errors.ts';
import type { Signature } from './inference.ts';
import { type OnnxSession, type OnnxSource, openSession } from './onnx-session.ts';
import { reasonOf } from './shape.ts';
import type { Tensor } from './tensors.ts';

export type Order =
  | { readonly kind: 'open'; readonly source: OnnxSource }
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

export type Report =
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

export type Failed = Extract<Report, { kind: 'failed' }>;

/** One model, its orders answered in the sequence in which they came. */
export function createAnswerer(send: (report: Report) => void): (order: Order) => void {
  let session: OnnxSession | undefined;

  async function open({ source }: Extract<Order, { kind: 'open' }>): Promise<void> {
    try {
      session = await openSession(source);
      send({ kind: 'ready', signature: session.signature });
    } catch (error) {
      send({ kind: 'unreadable', reason: reasonOf(error) });
    }
  }

  async function answer(order: Exclude<Order, { kind: 'open' }>): Promise<void> {
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

  return (order) => void (order.kind === 'open' ? open(order) : answer(order));
}

/** As it was thrown over there; null when it is none of the catalogue. */
export function failureOf({ code, details }: Failed): Error | null {
  if (code === 'modelInputInvalid')
    return errors.modelInputInvalid(details as Parameters<typeof errors.modelInputInvalid>[0]);
  if (code === 'modelOutputInvalid')
    return errors.modelOutputInvalid(details as Parameters<typeof errors.modelOutputInvalid>[0]);
  if (code === 'modelRaised') return errors.modelRaised(details as Parameters<typeof errors.modelRaised>[0]);
  return null;
}
