/** A run's model folder, read as what a version of a model is. */
import { join } from 'node:path/posix';
import type { ModelVersion, Run } from '@tidemill/contract';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import {
  digestFiles,
  type MLmodelFile,
  type ModelFile,
  type NewVersion,
  sortFiles,
  trainingSetOf,
} from './rules.ts';

export interface ModelFolderDependencies {
  readonly blobs: Pick<Blobs, 'read'>;
  readonly experiments: {
    getRun(input: { id: string }, caller: Caller): Promise<Run>;
    /** Files below a folder of the run's artifacts, with their paths from the run's root. */
    artifactFiles(runId: string, folder: string, workspace: string): Promise<readonly ModelFile[]>;
  };
  /** Reads an MLmodel file; throws an `Error` whose message says what is wrong with it. */
  readonly parseMLmodel: (text: string) => MLmodelFile;
}

const maximumTextBytes = 4_000_000;
/** Beside the folder `model`, as our jobs leave it: the folder's digest must not depend on where it is kept. */
const recipeFile = 'recipe.json';

/** @throws runNotFound, modelFolderMissing, modelFolderInvalid */
export async function readModelFolder(
  deps: ModelFolderDependencies,
  id: string,
  path: string,
  caller: Caller,
): Promise<Omit<NewVersion, 'workspace' | 'model' | 'description'>> {
  const run = await deps.experiments.getRun({ id }, caller);
  const runId = run.id;
  const folder = path.replace(/\/+$/, '');
  const files = await listFolder(deps, runId, folder, caller.workspace);
  const mlmodel = await readMLmodel(deps, runId, folder, files);
  const recipe = folder === 'model' ? await readRecipe(deps, runId, caller.workspace) : null;
  return {
    runId,
    artifactPath: folder,
    digest: digestFiles(files),
    files,
    inputs: mlmodel.signature.inputs.map(({ name, type }) => ({ name, type })),
    flavors: Object.keys(mlmodel.flavors).sort(),
    trainingRange: Object.fromEntries(
      mlmodel.trainingRange.map(({ name, min, max }) => [name, { minimum: min, maximum: max }]),
    ),
    recipe,
    trainingSet: trainingSetOf(recipe),
    metrics: run.metrics,
  };
}

/** Where in the folder the ONNX flavor has its model. @throws modelUnreadable */
export async function onnxPathOf(deps: ModelFolderDependencies, version: ModelVersion): Promise<string> {
  const file = version.files.find((candidate) => candidate.path === 'MLmodel');
  const data =
    file && version.flavors.includes('onnx')
      ? deps.parseMLmodel(toText(await deps.blobs.read(file.sha256))).flavors.onnx?.data
      : undefined;
  if (typeof data === 'string') return data;
  const found = version.flavors.join(', ') || 'none';
  throw errors.modelUnreadable({
    model: version.reference,
    reason: `it has no onnx flavor (its flavors: ${found})`,
  });
}

async function listFolder(
  { experiments }: ModelFolderDependencies,
  runId: string,
  folder: string,
  workspace: string,
): Promise<ModelFile[]> {
  const found = await experiments.artifactFiles(runId, folder, workspace);
  const files = found.map(({ path, sha256, size }) => ({
    path: folder === '' ? path : path.slice(folder.length + 1),
    sha256,
    size,
  }));
  if (files.some((file) => file.path === 'MLmodel')) return sortFiles(files);
  const reason =
    files.length === 0 ? 'there are no files' : `none of its ${files.length} files is called MLmodel`;
  throw errors.modelFolderMissing({ run: runId, path: folder, found: reason });
}

async function readMLmodel(
  deps: ModelFolderDependencies,
  runId: string,
  folder: string,
  files: readonly ModelFile[],
): Promise<MLmodelFile> {
  const text = await readText(deps, runId, folder, files, 'MLmodel');
  try {
    return deps.parseMLmodel(text ?? '');
  } catch (cause) {
    throw errors.modelFolderInvalid(
      { run: runId, path: join(folder, 'MLmodel'), reason: reasonOf(cause) },
      cause,
    );
  }
}

/** Null when the run has none, or a file of that name which is the user's own. */
async function readRecipe(
  deps: ModelFolderDependencies,
  runId: string,
  workspace: string,
): Promise<Record<string, unknown> | null> {
  const files = await deps.experiments.artifactFiles(runId, '', workspace);
  const text = await readText(deps, runId, '', files, recipeFile);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    const isOurs = typeof value === 'object' && value !== null && 'runId' in value && value.runId === runId;
    return isOurs ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

async function readText(
  { blobs }: ModelFolderDependencies,
  runId: string,
  folder: string,
  files: readonly ModelFile[],
  path: string,
): Promise<string | null> {
  const file = files.find((candidate) => candidate.path === path);
  if (!file) return null;
  if (file.size > maximumTextBytes) {
    const reason = `it has ${file.size} bytes; at most ${maximumTextBytes} are read`;
    throw errors.modelFolderInvalid({ run: runId, path: join(folder, path), reason });
  }
  return toText(await blobs.read(file.sha256));
}

const toText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
// The parser's messages are sentences; here they stand inside one.
const reasonOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
