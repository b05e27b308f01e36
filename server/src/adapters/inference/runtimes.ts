import type { OpenRuntime, PythonSource, RemoteSource, Runtime, RuntimeSource } from './inference.ts';
import { openOnnxProcess } from './onnx-process.ts';
import { openRule } from './rule.ts';

/** What needs nothing but this program. */
export async function openRuntime(
  source: Exclude<RuntimeSource, PythonSource | RemoteSource>,
): Promise<Runtime> {
  if (source.kind === 'rule') return openRule(source);
  if (source.kind === 'onnx-process') return openOnnxProcess(source);
  // Loaded when first needed: a server that serves no such model does without onnxruntime.
  const { openOnnx } = await import('./onnx.ts');
  return openOnnx(source);
}

/** Every kind of runtime behind one function; app.ts hands it to evaluation and serving. */
export const createOpenRuntime =
  (
    openPython: (source: PythonSource) => Promise<Runtime>,
    openRemote: (source: RemoteSource) => Promise<Runtime>,
  ): OpenRuntime =>
  (source) => {
    if (source.kind === 'python') return openPython(source);
    return source.kind === 'remote' ? openRemote(source) : openRuntime(source);
  };
