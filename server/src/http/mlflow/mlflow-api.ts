/** MLflow's JSON API: domains give their operations, this serves them under every prefix that clients and pages use. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import { mlflowAbsences } from './absences.ts';
import { replyWithMlflowError } from './failures.ts';
import { type Fields, parseBody, toFields } from './fields.ts';
import { type Operation, read } from './operations.ts';

/** Clients use `/api`, MLflow's own pages `/ajax-api`. Which version a call belongs to has changed between releases. */
export const mlflowBases = ['/api/2.0', '/api/3.0', '/ajax-api/2.0', '/ajax-api/3.0'] as const;

/** What newer clients ask a server about itself. Their workspaces are chosen by a header that we do not read. */
const own: readonly Operation[] = [
  read('GET', 'server-info', async () => ({
    store_type: 'SqlStore',
    workspaces_enabled: false,
    multipart_uploads_enabled: false,
    multipart_downloads_enabled: false,
  })),
];

export const mlflowApi =
  (operations: readonly Operation[]): FastifyPluginAsync =>
  async (http) => {
    for (const base of mlflowBases)
      await http.register(async (scope) => addOperations(scope, `${base}/mlflow`, [...own, ...operations]));
    await http.register(mlflowAbsences(mlflowBases));
  };

function addOperations(http: FastifyInstance, base: string, operations: readonly Operation[]): void {
  http.setErrorHandler(replyWithMlflowError);
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) =>
    done(null, parseBody(String(text))),
  );
  for (const operation of operations) addOperation(http, base, operation);
}

function addOperation(http: FastifyInstance, base: string, operation: Operation): void {
  const { methods, path, permission, resources, byJobs = false, bodyLimit, run } = operation;
  const fieldsOf = path.includes(':') ? readWithParameters : readFields;
  http.route({
    method: [...methods],
    url: `${base}/${path}`,
    config: {
      permission,
      byJobs,
      ...(resources && { resources: (request) => resources(fieldsOf(request)) }),
    },
    exposeHeadRoute: false,
    ...(bodyLimit !== undefined && { bodyLimit }),
    handler: async (request, reply) => {
      const answer = await run(fieldsOf(request), request.caller, request.host);
      return answer instanceof Readable ? reply.type('application/json; charset=utf-8').send(answer) : answer;
    },
  });
}

const readFields = (request: FastifyRequest): Fields =>
  toFields(request.method === 'GET' ? request.query : request.body);

const readWithParameters = (request: FastifyRequest): Fields => ({
  ...readFields(request),
  ...toFields(request.params),
});
