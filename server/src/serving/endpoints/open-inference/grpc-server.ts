/** The Open Inference Protocol (V2) by gRPC, on a port of its own: the same answers, refusals and tokens as by HTTP. */
import { join } from 'node:path';
import {
  type handleUnaryCall,
  type Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Permission } from '@tidemill/contract';
import type { Caller } from '../../../base/caller.ts';
import { errors, TidemillError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';
import { extensions, type Named, type OpenInference, refuseFiles } from './door.ts';
import { fromMessage, type InferRequestMessage, toMessage, toParameters } from './grpc-messages.ts';

export interface GrpcCall {
  readonly authorization: string | undefined;
  readonly address: string;
  /** The method's name. */
  readonly where: string;
}

export interface GrpcOptions {
  readonly door: OpenInference;
  /** Says who calls, and refuses what they may not do. */
  readonly admit: (call: GrpcCall, permission: Permission, endpoint: string | null) => Promise<Caller>;
  readonly version: string;
  readonly isReady: () => boolean;
  readonly maxBytes: number;
  readonly logger: Logger;
}

type Message = Readonly<Record<string, unknown>>;

interface Method {
  readonly permission: Permission;
  /** The field that names the endpoint, if the call is about one. */
  readonly endpoint?: string;
  readonly answer: (message: Message, caller: Caller) => Promise<object> | object;
}

const textOf = (message: Message, field: string): string => String(message[field] ?? '');
const namedIn = (message: Message, name: string, version: string): Named => ({
  name: textOf(message, name),
  version: textOf(message, version) || undefined,
});

function methodsOf({ door, version, isReady }: GrpcOptions): Readonly<Record<string, Method>> {
  return {
    ServerLive: { permission: 'public', answer: () => ({ live: true }) },
    ServerReady: { permission: 'public', answer: () => ({ ready: isReady() }) },
    ServerMetadata: { permission: 'public', answer: () => ({ name: 'tidemill', version, extensions }) },
    ModelReady: {
      ...{ permission: 'invoke', endpoint: 'name' },
      answer: (message, caller) =>
        door.isReady(namedIn(message, 'name', 'version'), caller).then((ready) => ({ ready })),
    },
    ModelMetadata: {
      ...{ permission: 'invoke', endpoint: 'name' },
      answer: (message, caller) => door.metadata(namedIn(message, 'name', 'version'), caller),
    },
    ModelInfer: {
      ...{ permission: 'invoke', endpoint: 'model_name' },
      async answer(message, caller) {
        const asked = fromMessage(message as unknown as InferRequestMessage);
        const said = await door.infer(namedIn(message, 'model_name', 'model_version'), asked, caller);
        return toMessage(said, asked.isBinary(''));
      },
    },
    RepositoryIndex: {
      permission: 'self',
      answer: async ({ ready }, caller) => ({ models: await door.index(ready === true, caller) }),
    },
    RepositoryModelLoad: {
      ...{ permission: 'operate', endpoint: 'model_name' },
      async answer(message, caller) {
        refuseFiles(toParameters(message.parameters as never));
        await door.load(textOf(message, 'model_name'), caller);
        return {};
      },
    },
    RepositoryModelUnload: {
      ...{ permission: 'operate', endpoint: 'model_name' },
      async answer(message, caller) {
        await door.unload(textOf(message, 'model_name'), caller);
        return {};
      },
    },
  };
}

const definition = () =>
  loadSync(join(import.meta.dirname, 'open_inference.proto'), {
    ...{ keepCase: true, longs: String, defaults: true, oneofs: true },
  })['inference.GRPCInferenceService'] as ServiceDefinition;

/** How long calls that run may take to end once the server stops. */
const graceMs = 5_000;
/** Names and shapes beside the tensors. */
const envelopeBytes = 1 << 20;
const mostStreams = 64;

export function createGrpcServer(options: GrpcOptions) {
  const { admit, maxBytes, logger } = options;
  const server = new Server({
    'grpc.max_receive_message_length': maxBytes + envelopeBytes,
    // Messages are read before their token is.
    'grpc.max_concurrent_streams': mostStreams,
  });
  const handlers = Object.entries(methodsOf(options)).map(
    ([name, method]): [string, handleUnaryCall<Message, object>] => [name, toHandler(name, method)],
  );
  server.addService(definition(), Object.fromEntries(handlers));

  function toHandler(
    where: string,
    { permission, endpoint, answer }: Method,
  ): handleUnaryCall<Message, object> {
    const callerOf = async (message: Message, metadata: Metadata, address: string): Promise<Caller> => {
      const authorization = metadata.get('authorization')[0]?.toString();
      return admit(
        { authorization, address, where },
        permission,
        endpoint === undefined ? null : textOf(message, endpoint),
      );
    };
    return (call, callback) => {
      const answered =
        permission === 'public'
          ? Promise.resolve().then(() => answer(call.request, nobody))
          : callerOf(call.request, call.metadata, addressOf(call.getPeer())).then((caller) =>
              answer(call.request, caller),
            );
      answered.then(
        (reply) => callback(null, reply),
        (error: Error) => callback(toStatus(error, where, logger)),
      );
    };
  }

  return {
    /** @returns the port, also where 0 asked for any. @throws portInUse */
    listen: (host: string, port: number): Promise<number> =>
      new Promise((resolve, reject) => {
        const address = host.includes(':') ? `[${host}]` : host;
        server.bindAsync(`${address}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
          if (!error) resolve(bound);
          else reject(/EADDRINUSE/.test(error.message) ? errors.portInUse({ port }, error) : error);
        });
      }),

    /** New calls are refused; those that run may end. */
    async close(): Promise<void> {
      const timer = setTimeout(() => server.forceShutdown(), graceMs);
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      clearTimeout(timer);
    },
  };
}

export type GrpcServer = ReturnType<typeof createGrpcServer>;

/** Public methods ask nothing of whoever calls. */
const nobody = null as unknown as Caller;

/** `127.0.0.1:53422` or `[::1]:53422`, without the port. */
const addressOf = (peer: string): string => peer.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');

const codes: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  409: status.FAILED_PRECONDITION,
  413: status.RESOURCE_EXHAUSTED,
  415: status.INVALID_ARGUMENT,
  422: status.INVALID_ARGUMENT,
  429: status.RESOURCE_EXHAUSTED,
  501: status.UNIMPLEMENTED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
};

function toStatus(error: Error, where: string, logger: Logger): { code: status; details: string } {
  const known = error instanceof TidemillError ? error : errors.internal({ requestId: where }, error);
  if (known.status >= 500) logger.error({ err: error, method: where }, known.code);
  return { code: codes[known.status] ?? status.INTERNAL, details: known.message };
}
