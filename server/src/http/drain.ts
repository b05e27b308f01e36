/** Before a server closes: nobody new is let in, and what is under way is answered. */
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

export interface Drain {
  /**
   * Takes no new connection, asks clients to leave theirs with the next reply, and waits until `isIdle` says that nothing is
   * under way, or for `limitMs`.
   */
  (isIdle: () => boolean, limitMs?: number): Promise<void>;
}

const pollMs = 5;
/** A reply leaves after what it answers has ended. */
const lastReplyMs = 20;

export function addDrain(http: FastifyInstance): Drain {
  let isDraining = false;
  http.server.prependListener('request', (_message, response) => {
    if (isDraining) response.setHeader('connection', 'close');
  });
  return async (isIdle, limitMs = 10_000) => {
    isDraining = true;
    http.server.close();
    http.server.closeIdleConnections();
    if (isIdle()) return;
    const end = performance.now() + limitMs;
    while (!isIdle() && performance.now() < end) await pause(pollMs);
    await pause(lastReplyMs);
  };
}
