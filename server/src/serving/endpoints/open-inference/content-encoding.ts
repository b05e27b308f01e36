/** Bodies that are compressed on their way, and how large they may become. */
import { promisify } from 'node:util';
import { constants, deflate, gunzip, gzip, inflate } from 'node:zlib';
import { errors } from '../../../base/errors.ts';
import { refuse } from './element-types.ts';

type Codec = (data: Buffer, options?: object) => Promise<Buffer>;

const decoders: Readonly<Record<string, Codec>> = {
  gzip: promisify(gunzip) as Codec,
  'x-gzip': promisify(gunzip) as Codec,
  // With zlib's wrapper, as HTTP has it.
  deflate: promisify(inflate) as Codec,
};
const encoders: Readonly<Record<string, Codec>> = {
  gzip: promisify(gzip) as Codec,
  deflate: promisify(deflate) as Codec,
};

/** Fails as soon as it becomes larger than `limit`, whatever it would have become. */
export async function decompress(body: Buffer, encoding: string | undefined, limit: number): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return body;
  const decode = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
  if (!decode) throw errors.contentEncodingUnsupported({ encoding: name.slice(0, 60) });
  try {
    return await decode(body, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw errors.bodyTooLarge({ limit });
    throw refuse(`its body is not ${name}: ${(error as Error).message}`);
  }
}

/** Less than a packet is not worth the time. */
const worthwhileBytes = 1400;

/** The best of what the client takes, null when it takes none or the reply is too small. */
export function chooseEncoding(accepted: string | undefined, bytes: number): 'gzip' | 'deflate' | null {
  if (accepted === undefined || bytes < worthwhileBytes) return null;
  const taken = accepted
    .toLowerCase()
    .split(',')
    .map((part) => part.trim().split(/\s*;\s*/));
  const takes = (name: string) =>
    taken.some(([each, ...more]) => each === name && !more.some((weight) => /^q=0(?:\.0*)?$/.test(weight)));
  if (takes('gzip')) return 'gzip';
  return takes('deflate') ? 'deflate' : null;
}

export function compress(body: Buffer, encoding: 'gzip' | 'deflate'): Promise<Buffer> {
  // The fastest: numbers hardly become smaller by more work.
  return (encoders[encoding] as Codec)(body, { level: constants.Z_BEST_SPEED });
}
