/** Which runtime serves a model version: what its variant says, else the fastest that its flavors allow. */
import type { EndpointRevision, ModelVersion, Variant } from '@tidemill/contract';
import type { PythonSource, RuntimeSource } from '../../../adapters/inference/inference.ts';

export interface RuntimeChoice {
  readonly isolation: EndpointRevision['isolation'];
  readonly runtime: NonNullable<Variant['runtime']>;
}

/** A Python worker takes seconds to start, and minutes where its environment must be made first. */
export const isSlowToOpen = ({ flavors }: ModelVersion, { runtime }: RuntimeChoice): boolean =>
  runtime === 'python' ||
  (runtime === 'auto' && !flavors.includes('onnx') && flavors.includes('python_function'));

export interface ModelFilesOf {
  onnxFile(version: ModelVersion): Promise<{ path: string }>;
  pythonModel(version: ModelVersion): Promise<Omit<PythonSource, 'kind' | 'onBuild'>>;
}

/** @throws modelUnreadable where the version has not the flavor that is asked for */
export async function toRuntimeSource(
  files: ModelFilesOf,
  version: ModelVersion,
  choice: RuntimeChoice,
  onBuild: (tool: string) => void,
): Promise<RuntimeSource> {
  if (isSlowToOpen(version, choice))
    return { kind: 'python', ...(await files.pythonModel(version)), onBuild };
  const { path } = await files.onnxFile(version);
  const kind = choice.isolation === 'child-process' ? 'onnx-process' : 'onnx';
  return { kind, model: version.reference, path };
}
