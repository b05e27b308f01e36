import type { OpenRuntime } from './inference.ts';
import { openOnnxProcess } from './onnx-process.ts';
import { openRule } from './rule.ts';

/** Every kind of runtime behind one function; app.ts hands it to serving. */
export const openRuntime: OpenRuntime = async (source) => {
  if (source.kind === 'rule') return openRule(source);
  if (source.kind === 'onnx-process') return openOnnxProcess(source);
  // Loaded when first needed: a server that serves no such model does without onnxruntime.
  const { openOnnx } = await import('./onnx.ts');
  return openOnnx(source);
};
