/** An inference reply: JSON, and after it the tensors that are wanted as bytes. */
import type { Tensor } from '../../../adapters/inference/inference.ts';
import { encodeBinary } from './binary-tensor.ts';
import { encodeJson } from './json-tensor.ts';

export interface InferReply {
  readonly endpoint: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly outputs: readonly Tensor[];
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
}

export interface EncodedReply {
  /** Bytes of JSON before the tensors; null when all of it is JSON. */
  readonly headerLength: number | null;
  readonly parts: readonly Buffer[];
}

export function encodeReply(reply: InferReply, isBinary: (output: string) => boolean): EncodedReply {
  const tails: Buffer[] = [];
  const outputs = reply.outputs.map((output) => {
    const { name, shape, datatype } = output;
    const head = JSON.stringify({ name, shape, datatype }).slice(0, -1);
    if (!isBinary(name)) return `${head},"data":${encodeJson(output)}}`;
    const bytes = encodeBinary(datatype, output.data);
    tails.push(bytes);
    return `${head},"parameters":{"binary_data_size":${bytes.length}}}`;
  });
  const { endpoint, modelVersion, id, parameters } = reply;
  const top = JSON.stringify({ model_name: endpoint, model_version: modelVersion, id, parameters });
  const json = Buffer.from(`${top.slice(0, -1)},"outputs":[${outputs.join()}]}`);
  return { headerLength: tails.length > 0 ? json.length : null, parts: [json, ...tails] };
}
