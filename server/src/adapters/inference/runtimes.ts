import type { OpenRuntime } from './inference.ts';
import { openOnnx } from './onnx.ts';
import { openOnnxProcess } from './onnx-process.ts';
import { openRule } from './rule.ts';

/** Every kind of runtime behind one function; app.ts hands it to serving. */
export const openRuntime: OpenRuntime = (source) => {
  if (source.kind === 'rule') return openRule(source);
  return source.kind === 'onnx' ? openOnnx(source) : openOnnxProcess(source);
};
