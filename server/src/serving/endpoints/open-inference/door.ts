/** What the Open Inference Protocol asks, whichever way it comes: by HTTP or by gRPC. A model's name is an endpoint's. */
import { mayCaller } from '../../../access/grants/service.ts';
import type { TensorSpec } from '../../../adapters/inference/inference.ts';
import type { Caller } from '../../../base/caller.ts';
import { errors } from '../../../base/errors.ts';
import type { Endpoints } from '../service.ts';
import type { InferReply } from './reply.ts';
import { decodeRawRequest, type InferRequest } from './request.ts';

export interface Named {
  readonly name: string;
  /** Number of a model version; undefined: the split decides. */
  readonly version: string | undefined;
}

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

export interface IndexEntry {
  readonly name: string;
  readonly version: string;
  readonly state: 'READY' | 'UNAVAILABLE';
  readonly reason: string;
}

/** Extensions of the protocol that this server has. */
export const extensions = ['binary_tensor_data', 'model_repository'];

export function createOpenInference(endpoints: Endpoints) {
  async function metadata({ name, version }: Named, caller: Caller): Promise<ModelMetadata> {
    const { versions, platform, inputs, outputs } = await endpoints.describe({ name, version }, caller);
    return { name, versions: version === undefined ? versions : [version], platform, inputs, outputs };
  }

  return {
    metadata,

    async infer({ name, version }: Named, request: InferRequest, caller: Caller): Promise<InferReply> {
      const { id, inputs, outputs } = request;
      const said = await endpoints.infer({ name, version, requestId: id, inputs, outputs }, caller);
      const { source, variant, revision, warnings, fallbackReason } = said;
      return {
        endpoint: said.endpoint,
        modelVersion: said.modelVersion,
        id: id ?? said.id,
        outputs: said.outputs,
        parameters: {
          ...{ source, variant, revision },
          ...(fallbackReason !== null && { fallback_reason: fallbackReason }),
          ...(warnings.length > 0 && { warnings: warnings.join('; ') }),
        },
      };
    },

    /** Of a request that is nothing but its one input's bytes. */
    async readRaw(named: Named, body: Buffer, caller: Caller): Promise<InferRequest> {
      return decodeRawRequest(body, (await metadata(named, caller)).inputs);
    },

    async isReady({ name, version }: Named, caller: Caller): Promise<boolean> {
      return (await endpoints.describe({ name, version }, caller)).isReady;
    },

    /** What the caller may ask, a line for each version that is served. */
    async index(isReadyOnly: boolean, caller: Caller): Promise<IndexEntry[]> {
      const all: IndexEntry[] = [];
      for (const { name, versions } of endpoints.served(caller)) {
        if (!mayCaller(caller, 'invoke', `endpoint:${name}`)) continue;
        for (const { version, problem } of versions) {
          if (isReadyOnly && problem !== null) continue;
          all.push({
            name,
            version,
            state: problem === null ? 'READY' : 'UNAVAILABLE',
            reason: problem ?? '',
          });
        }
      }
      return all;
    },

    load: (name: string, caller: Caller): Promise<void> => endpoints.loadModels({ name }, caller),
    unload: (name: string, caller: Caller): Promise<void> => endpoints.unloadModels({ name }, caller),
  };
}

export type OpenInference = ReturnType<typeof createOpenInference>;

/** Models here come from the registry: a client brings none along. */
export function refuseFiles(parameters: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(parameters))
    if (name === 'config' || name.startsWith('file:'))
      throw errors.repositoryActionUnsupported({ what: `The parameter '${name.slice(0, 60)}'` });
}
