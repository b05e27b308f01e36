/** Before a server closes: nobody new is let in, and what is under way is answered. */
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/**
 * Takes no new connection, asks clients to leave theirs with the next reply, and waits until every reply has left, or for
 * `limitMs`. Streams of events end with the server: nobody waits for them.
 */
export type Drain = (limitMs?: number) => Promise<void>;

const pollMs = 5;

export function addDrain(http: FastifyInstance): Drain {
  let isDraining = false;
  const open = new Set<ServerResponse>();
  http.server.prependListener('request', (_message, response) => {
    if (isDraining) response.setHeader('connection', 'close');
    open.add(response);
    response.once('close', () => open.delete(response));
  });
  const isDone = () => [...open].every(isOfEvents);
  return async (limitMs = 10_000) => {
    isDraining = true;
    http.server.close();
    http.server.closeIdleConnections();
    const end = performance.now() + limitMs;
    while (!isDone() && performance.now() < end) await pause(pollMs);
  };
}

const isOfEvents = (response: ServerResponse): boolean =>
  String(response.getHeader('content-type') ?? '').startsWith('text/event-stream');
