/**
 * What MLflow has and we do not, yet or ever: said as such, so that nobody looks for a typing mistake. 501 is a status
 * that its client does not try again.
 */
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { errors } from '../../base/errors.ts';
import { replyWithMlflowError } from './failures.ts';
import { toFields } from './fields.ts';

/** The first words of paths, and what they stand for in a message. */
const absent = new Map(
  Object.entries({
    traces: 'Tracing',
    'unified-traces': 'Tracing',
    'get-trace-artifact': 'Tracing',
    'get-online-trace-details': 'Tracing',
    assessments: 'Tracing',
    datasets: 'An evaluation dataset',
    scorers: 'A scorer',
    scorer: 'A scorer',
    'label-schemas': 'Labelling of traces',
    'review-queues': 'Labelling of traces',
    issues: 'Finding of issues in traces',
    prompts: "MLflow's prompt registry",
    'prompt-optimization': 'Optimization of prompts',
    'runs/create-promptlab-run': 'The prompt laboratory',
    gateway: 'A gateway to language models',
    'gateway-proxy': 'A gateway to language models',
    endpoints: 'A gateway to language models',
    genai: 'Evaluation of language models',
    assistant: "MLflow's assistant",
    demo: "MLflow's demo data",
    jobs: "MLflow's server jobs",
    mcp: 'A registry of MCP servers',
    'mcp-servers': 'A registry of MCP servers',
    'ui-telemetry': "Telemetry of MLflow's own pages",
    users: 'User management by name and password',
    roles: 'User management by name and password',
    'experiments/permissions': 'User management by name and password',
    'registered-models/permissions': 'User management by name and password',
    workspaces: "Choosing a workspace by MLflow's API",
  }),
);

/** Places outside `/mlflow/` that MLflow's clients and pages call. */
export const places: Readonly<Record<string, string>> = {
  '/v1/traces': 'Tracing',
  '/v1/metrics': 'Metrics by OpenTelemetry',
  '/graphql': "MLflow's GraphQL interface",
  '/ajax-api/2.0/graphql': "MLflow's GraphQL interface",
  '/gateway/*': 'A gateway to language models',
  '/api/2.0/gateway/*': 'A gateway to language models',
  '/api/2.0/endpoints/*': 'A gateway to language models',
  '/api/2.0/endpoints': 'A gateway to language models',
  '/ajax-api/3.0/jobs/*': "MLflow's server jobs",
};

/** The message for a path below `/mlflow/` that nothing answers. */
export function toAbsence(method: string, path: string) {
  const [first = '', second = ''] = path.split('/');
  const what = absent.get(`${first}/${second}`) ?? absent.get(first);
  return what ? errors.notImplemented({ what }) : errors.routeNotFound({ method, path: path.slice(0, 200) });
}

/** Answers without reading the body, whatever it is. */
export const mlflowAbsences =
  (bases: readonly string[]): FastifyPluginAsync =>
  async (http) => {
    http.setErrorHandler(replyWithMlflowError);
    http.removeAllContentTypeParsers();
    http.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    const options = { config: { permission: 'read' as const }, schema: { hide: true } };
    for (const base of bases) {
      http.all(`${base}/mlflow/*`, options, async (request) => {
        throw toAbsence(request.method, restOf(request));
      });
    }
    for (const [place, what] of Object.entries(places)) {
      http.all(place, options, async () => {
        throw errors.notImplemented({ what });
      });
    }
  };

const restOf = (request: FastifyRequest): string => String(toFields(request.params)['*'] ?? '');
