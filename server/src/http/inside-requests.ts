/** Requests that this server makes of itself, through every hook and schema that a client's go through. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance } from 'fastify';
import type { Caller } from '../base/caller.ts';
import { errors } from '../base/errors.ts';

export interface InsideRequests {
  /** Who asks from within; undefined for a request from outside. */
  callerOf(): Promise<Caller> | undefined;
  /** @throws what the reply says went wrong */
  ask<T>(http: FastifyInstance, url: string, body: object, caller: Caller): Promise<T>;
}

/** A request from outside begins at a socket, and so never within a caller. */
export function createInsideRequests(): InsideRequests {
  const callers = new AsyncLocalStorage<Caller>();
  return {
    callerOf() {
      const caller = callers.getStore();
      return caller && Promise.resolve(caller);
    },
    async ask<T>(http: FastifyInstance, url: string, body: object, caller: Caller): Promise<T> {
      const reply = await callers.run(caller, () =>
        http.inject({ method: 'POST', url, headers: { host: 'localhost' }, payload: body }),
      );
      if (reply.statusCode < 300) return reply.json<T>();
      throw errors.requestWithinFailed({ url, status: reply.statusCode, reason: messageOf(reply.body) });
    },
  };
}

function messageOf(body: string): string {
  try {
    return String((JSON.parse(body) as { error?: { message?: string } }).error?.message ?? body).slice(
      0,
      500,
    );
  } catch {
    return body.slice(0, 500);
  }
}
