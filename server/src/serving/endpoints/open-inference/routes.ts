/** The Open Inference Protocol (V2) by HTTP, at its own addresses, so that tritonclient and its like can be pointed here. */
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { errors } from '../../../base/errors.ts';
import { readBody } from './body.ts';
import { chooseEncoding, compress, decompress } from './content-encoding.ts';
import { extensions, type Named, type OpenInference, refuseFiles } from './door.ts';
import { refuse, shown } from './element-types.ts';
import { replyWithInferenceError } from './failures.ts';
import { parseJson } from './json-text.ts';
import { type EncodedReply, encodeReply } from './reply.ts';
import { decodeRequest } from './request.ts';

export interface OpenInferenceOptions {
  readonly version: string;
  readonly isReady: () => boolean;
  /** Of a body, as it comes and as it is once it is decompressed. */
  readonly maxBytes: number;
}

const headerLength = 'inference-header-content-length';
const resources = ({ params }: FastifyRequest) => [`endpoint:${toNamed(params).name}`];
const open = { config: { permission: 'public' as const } };
const asking = { config: { permission: 'invoke' as const, resources } };
const operating = { config: { permission: 'operate' as const, resources } };
/** Each caller sees what they may ask. */
const listing = { config: { permission: 'self' as const } };

export const openInferenceRoutes =
  (door: OpenInference, { version, isReady, maxBytes }: OpenInferenceOptions): FastifyPluginAsync =>
  async (http) => {
    http.setErrorHandler(replyWithInferenceError);
    http.setNotFoundHandler((request) => {
      throw errors.routeNotFound({ method: request.method, path: request.url.split('?')[0] ?? '' });
    });
    // Clients send none, or one that is not so: whether there are bytes is said by a header of the protocol's own.
    http.addHook('onRequest', async ({ raw }) => {
      delete raw.headers['content-type'];
    });
    http.removeAllContentTypeParsers();
    http.addContentTypeParser('*', (request, payload, done) =>
      readBody(payload, { limit: maxBytes, alignedAt: readHeaderLength(request) ?? 0 }, done),
    );

    http.get('/', open, async () => ({ name: 'tidemill', version, extensions }));
    http.get('/health/live', open, async () => ({ live: true }));
    http.get('/health/ready', open, async (_request, reply) =>
      reply
        .status(isReady() ? 200 : 503)
        .send(isReady() ? { ready: true } : { error: 'The server is starting.' }),
    );
    http.get('/models', listing, async ({ caller }) => ({
      models: [...new Set((await door.index(false, caller)).map(({ name }) => name))],
    }));
    http.post('/repository/index', listing, async (request) =>
      door.index((await readFields(request)).ready === true, request.caller),
    );
    for (const path of ['/models/:name', '/models/:name/versions/:version']) {
      http.get(path, asking, ({ params, caller }) => door.metadata(toNamed(params), caller));
      http.get(`${path}/ready`, asking, async ({ params, caller }) => {
        const named = toNamed(params);
        if (await door.isReady(named, caller)) return { name: named.name, ready: true };
        throw errors.endpointNotReady({ name: named.name, reason: 'its models are not loaded' });
      });
      http.post(`${path}/infer`, asking, infer);
    }
    http.post('/repository/models/:name/load', operating, async (request) => {
      refuseFiles(parametersOf(await readFields(request)));
      await door.load(toNamed(request.params).name, request.caller);
      return {};
    });
    http.post('/repository/models/:name/unload', operating, async (request) => {
      await readFields(request);
      await door.unload(toNamed(request.params).name, request.caller);
      return {};
    });

    async function infer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { caller, headers } = request;
      const named = toNamed(request.params);
      const header = readHeaderLength(request);
      const body = await bodyOf(request);
      const asked = header === 0 ? await door.readRaw(named, body, caller) : decodeRequest(body, header);
      const said = await door.infer(named, asked, caller);
      return send(reply, encodeReply(said, asked.isBinary), headers['accept-encoding']);
    }

    const bodyOf = ({ body, headers }: FastifyRequest): Promise<Buffer> =>
      decompress((body as Buffer | undefined) ?? empty, headers['content-encoding'], maxBytes);

    async function readFields(request: FastifyRequest): Promise<Readonly<Record<string, unknown>>> {
      const body = await bodyOf(request);
      const value = body.length === 0 ? {} : parseJson(body);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
      throw refuse(`its body is ${shown(value)}, no object`);
    }
  };

const empty = Buffer.alloc(0);

const parametersOf = ({
  parameters,
}: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  typeof parameters === 'object' && parameters !== null ? { ...parameters } : {};

const toNamed = (params: unknown): Named => {
  const { name, version } = params as { name: string; version?: string };
  return { name, version };
};

/** Null where all of the body is JSON. @throws inferRequestInvalid */
function readHeaderLength({ headers }: FastifyRequest): number | null {
  const text = headers[headerLength];
  if (text === undefined) return null;
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  throw refuse(`Inference-Header-Content-Length is ${shown(text)}, no number of bytes`);
}

async function send(
  reply: FastifyReply,
  { headerLength: length, parts }: EncodedReply,
  accepted: string | undefined,
): Promise<FastifyReply> {
  const whole = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  // Only this reply: clients decompress no other.
  const encoding = chooseEncoding(accepted, whole.length);
  reply
    .type(length === null ? 'application/json' : 'application/octet-stream')
    .header('vary', 'accept-encoding');
  if (length !== null) reply.header(headerLength, length);
  if (encoding === null) return reply.send(whole);
  return reply.header('content-encoding', encoding).send(await compress(whole, encoding));
}
