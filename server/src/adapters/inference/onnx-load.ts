/** A file to a session of onnxruntime, and why it cannot be one, in words that say what to do. */
import { readFile, stat } from 'node:fs/promises';
import { InferenceSession } from 'onnxruntime-node';
import { withoutZipMaps } from './onnx-zipmap.ts';

/**
 * One thread, one after another: measured faster for small batches than onnxruntime's own thread pool, which
 * would also take cores from the requests.
 */
const options: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  // Whoever asked is told; nothing is printed beside it.
  logSeverityLevel: 4,
};

/** A classifier's file, to be read whole and written anew, is never larger. */
const largestEdited = 256 * 1024 ** 2;

/** @throws `Error` in a sentence that goes on "cannot be loaded: " */
export async function loadSession(path: string): Promise<InferenceSession> {
  const { size } = await stat(path).catch(() => {
    throw new Error('its file is missing');
  });
  if (size === 0) throw new Error('its file is empty');
  const session = await create(path, size);
  if (size > largestEdited || session.outputMetadata.every(({ isTensor }) => isTensor)) return session;
  const edited = withoutZipMaps(await readFile(path));
  if (!edited) return session;
  await session.release();
  return create(edited, size);
}

const create = (from: string | Uint8Array, size: number): Promise<InferenceSession> =>
  InferenceSession.create(from as string, options).catch((error: Error) => {
    throw new Error(reasonFor(error.message, size), { cause: error });
  });

function reasonFor(message: string, size: number): string {
  const custom =
    /Fatal error: (\S+?)\(-?\d+\) is not a registered/.exec(message)?.[1] ??
    /No Op registered for (\S+) with/.exec(message)?.[1];
  if (custom)
    return `it uses the operator '${custom}', which onnxruntime does not have, and libraries of custom operators are not loaded here; export it with standard operators, or register it as an MLflow model of Python code that loads the library`;
  const [, external] = /External data path does not exist: "?([^"]+)"?/.exec(message) ?? [];
  if (external || /external data/i.test(message))
    return `its weights are in another file${external ? ` ('${external.split('/').at(-1)}')` : ''}, which is not there; save it as one file (onnx.save without save_as_external_data), or register it as an MLflow model of Python code`;
  if (/parsing failed|does not have a graph|INVALID_PROTOBUF/i.test(message))
    return `its file of ${size} bytes is no ONNX model, or only a part of one`;
  const [, opset, most] = /Opset (\d+) is under development.* is till opset (\d+)/s.exec(message) ?? [];
  if (opset)
    return `it is of opset ${opset}, and onnxruntime knows them up to ${most}; export it with target_opset=${most}`;
  const [, version, newest] =
    /Unsupported model IR version: (\d+), max supported IR version: (\d+)/.exec(message) ?? [];
  if (version)
    return `it is of IR version ${version}, and onnxruntime knows them up to ${newest}; set ir_version=${newest}`;
  const [, type] = /Unsupported data type: (\d+)/.exec(message) ?? [];
  if (type)
    return `an input or output is of the type ${type} of onnx.proto, such as bfloat16, which cannot be given or taken here`;
  // The place in onnxruntime's own source tells nobody anything.
  return message
    .replace(/^.*?failed:/s, '')
    .replace(/^\/onnxruntime_src\/.*?\) (?=[A-Z])/s, '')
    .trim();
}
