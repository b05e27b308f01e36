import { errors } from '../../base/errors.ts';
import { reasonOf } from './shape.ts';

/** The caller is free at once; the answer still arrives, and is dropped. */
export async function abortable<T>(reply: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return reply;
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(errors.computeCancelled({ reason: reasonOf(signal.reason) }));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([reply, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
