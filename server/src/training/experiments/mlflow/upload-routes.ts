import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { errors } from '../../../base/errors.ts';
import { replyWithMlflowError } from '../../../http/mlflow/failures.ts';
import {
  type Fields,
  getInteger,
  getText,
  listFields,
  parseBody,
  toFields,
} from '../../../http/mlflow/fields.ts';
import { parseArtifactPath } from '../artifact-path.ts';
import type { Experiments } from '../service.ts';
import { artifactOf, getPlace, root, uploadOf } from './resources.ts';

const writable = { permission: 'write', resources: artifactOf, byJobs: true } as const;
/** As S3 has it; a larger file takes more parts. */
const largestPart = 5 * 1024 ** 3;

/** MLflow's upload in parts: the client asks for addresses, sends the parts there, then says that it was all. */
export function addUploadRoutes(http: FastifyInstance, base: string, experiments: Experiments): void {
  http.setErrorHandler(replyWithMlflowError);
  http.register(async (scope) => addLife(scope, base, experiments));
  http.register(async (scope) => addPart(scope, base, experiments));
}

function addLife(http: FastifyInstance, base: string, experiments: Experiments): void {
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) =>
    done(null, parseBody(String(text))),
  );
  const post = (
    verb: string,
    run: (request: FastifyRequest, fields: Fields) => Promise<Record<string, unknown>>,
  ) =>
    http.post(`${base}${root}/mpu/${verb}/*`, { config: writable }, async (request) =>
      run(request, toFields(request.body)),
    );

  post('create', async (request, fields) => {
    const { id, path } = getTarget(request, fields);
    const partCount = getInteger(fields, 'num_parts');
    const upload = await experiments.createUpload({ id, path, partCount }, request.caller);
    return { upload_id: upload.id, credentials: toCredentials(request, base, upload) };
  });

  post('complete', async (request, fields) => {
    const { id, path } = getTarget(request, fields);
    const parts = listFields(fields, 'parts').map((part) => ({
      number: getInteger(part, 'part_number'),
      sha256: getText(part, 'etag').replace(/^"(.*)"$/, '$1'),
    }));
    const upload = getText(fields, 'upload_id');
    await experiments.completeUpload({ upload, target: `${id}/${path}`, parts }, request.caller);
    return {};
  });

  post('abort', async (request, fields) => {
    const { id, path } = getTarget(request, fields);
    const upload = getText(fields, 'upload_id');
    await experiments.abortUpload({ upload, target: `${id}/${path}` }, request.caller);
    return {};
  });
}

function addPart(http: FastifyInstance, base: string, experiments: Experiments): void {
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  http.put(
    `${base}${root}/mpu/parts/:upload/:number`,
    { config: { ...writable, resources: uploadOf } },
    async (request, reply) => {
      const fields = toFields(request.params);
      assertPartSize(request);
      const sha256 = await experiments.putUploadPart(
        {
          upload: getText(fields, 'upload'),
          number: getInteger(fields, 'number'),
          content: request.body instanceof Readable ? request.body : Readable.from([]),
        },
        request.caller,
      );
      return reply.header('etag', `"${sha256}"`).send({});
    },
  );
}

/** The folder stands in the address; of the client's own path to the file only the name is ours. */
function getTarget(request: FastifyRequest, fields: Fields): { id: string; path: string } {
  const { owner, path } = getPlace(request);
  const name = getText(fields, 'path').split(/[/\\]/).at(-1) ?? '';
  return { id: owner, path: parseArtifactPath(path === '' ? name : `${path}/${name}`) };
}

/** The client sends parts without its credentials, so what it came with is given back to it as their headers. */
function toCredentials(request: FastifyRequest, base: string, upload: { id: string; partCount: number }) {
  const { authorization } = request.headers;
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  const folder = `${toOrigin(request)}${base}${root}/mpu/parts/${upload.id}`;
  return Array.from({ length: upload.partCount }, (_none, index) => ({
    url: `${folder}/${index + 1}`,
    part_number: index + 1,
    headers,
  }));
}

/** As the client sees us. A proxy that ends TLS says so; whoever lies here sends nobody but himself astray. */
function toOrigin(request: FastifyRequest): string {
  const isSecure = request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https';
  return `${isSecure ? 'https' : 'http'}://${request.headers.host ?? ''}`;
}

function assertPartSize(request: FastifyRequest): void {
  const length = Number(request.headers['content-length'] ?? Number.NaN);
  if (!Number.isSafeInteger(length)) {
    const reason = 'a part needs it; parts are not sent as chunks';
    throw errors.trackingValueInvalid({ where: 'Content-Length', reason });
  }
  if (length > largestPart) throw errors.bodyTooLarge({ limit: largestPart });
}
