/** How long requests took, by route: the template, never the address, so that no client can make a series. */
import type { FastifyInstance } from 'fastify';
import { createHistogram, type Histogram, latencyBounds, observe } from '../base/metrics/histogram.ts';
import type { Family } from '../base/metrics/metrics.ts';

interface Series {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly histogram: Histogram;
}

export function createRequestTimes() {
  const series = new Map<string, Series>();
  let active = 0;

  function note(method: string, route: string, status: number, milliseconds: number): void {
    const key = `${status} ${method} ${route}`;
    let found = series.get(key);
    if (!found) {
      found = { method, route, status, histogram: createHistogram(latencyBounds) };
      series.set(key, found);
    }
    observe(found.histogram, milliseconds);
  }

  return {
    /** For requests that pass no hook of Fastify's. */
    begin(): void {
      active++;
    },
    end(method: string, route: string, status: number, milliseconds: number): void {
      active--;
      note(method, route, status, milliseconds);
    },

    watch(http: FastifyInstance): void {
      http.addHook('onRequest', (_request, _reply, next) => {
        active++;
        next();
      });
      // Also of a client that left before it had the reply.
      http.addHook('onResponse', (request, reply, next) => {
        active--;
        const route = request.is404 ? 'unmatched' : (request.routeOptions.url ?? 'unmatched');
        note(request.method, route, reply.statusCode, reply.elapsedTime);
        next();
      });
    },

    /** Named and labelled as OpenTelemetry's conventions have it. */
    families(): Family[] {
      return [
        {
          name: 'http_server_request_duration_seconds',
          help: 'Time to answer an HTTP request, by route template and status',
          type: 'histogram',
          divisor: 1000,
          collect: () =>
            [...series.values()].map(({ method, route, status, histogram }) => ({
              labels: {
                http_request_method: method,
                http_route: route,
                http_response_status_code: status,
              },
              histogram,
            })),
        },
        {
          name: 'http_server_active_requests',
          help: 'HTTP requests under way',
          type: 'gauge',
          collect: () => [{ value: active }],
        },
      ];
    },
  };
}

export type RequestTimes = ReturnType<typeof createRequestTimes>;
