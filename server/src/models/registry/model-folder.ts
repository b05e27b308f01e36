/** A model folder among artifacts, read as what a version of a model is. */
import { join } from 'node:path/posix';
import type { ModelVersion } from '@tidemill/contract';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import { errors } from '../../base/errors.ts';
import {
  digestFiles,
  type FolderContent,
  type MLmodelFile,
  type ModelFile,
  sortFiles,
  trainingSetOf,
} from './rules.ts';

export interface ModelFolderDependencies {
  readonly blobs: Pick<Blobs, 'read' | 'keep'>;
  /** Reads an MLmodel file; throws an `Error` whose message says what is wrong with it. */
  readonly parseMLmodel: (text: string) => MLmodelFile;
}

/** A run or a logged model: what has artifacts. */
export interface ArtifactOwner {
  readonly id: string;
  /** Paths of the files below a folder of its artifacts, from the root. */
  listPaths(folder: string): Promise<readonly string[]>;
  /** The same files as blobs, which nothing changes afterwards. */
  filesBelow(folder: string): Promise<readonly ModelFile[]>;
  find(path: string): Promise<ModelFile | null>;
}

const maximumTextBytes = 4_000_000;
/** Beside the folder `model`, as our jobs leave it: the folder's digest must not depend on where it is kept. */
const recipeFile = 'recipe.json';

/** @throws modelFolderMissing, modelFolderInvalid */
export async function readModelFolder(
  deps: ModelFolderDependencies,
  owner: ArtifactOwner,
  folder: string,
): Promise<Omit<FolderContent, 'metrics'>> {
  const files = await listFolder(owner, folder);
  // The version will name them; until its row is there, nothing else may.
  await deps.blobs.keep(files.map(({ sha256 }) => sha256));
  const mlmodel = await readMLmodel(deps, owner.id, folder, files);
  const recipe = folder === 'model' ? await readRecipe(deps, owner) : null;
  return {
    digest: digestFiles(files),
    files,
    inputs: mlmodel.signature.inputs,
    outputs: mlmodel.signature.outputs,
    flavors: Object.keys(mlmodel.flavors).sort(),
    trainingRange: Object.fromEntries(
      mlmodel.trainingRange.map(({ name, min, max }) => [name, { minimum: min, maximum: max }]),
    ),
    recipe,
    trainingSet: trainingSetOf(recipe),
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
  const reason =
    version.digest === null
      ? `its source ${version.source ?? ''} is no model folder of this server, so there are no files of it here`
      : `it has no onnx flavor (its flavors: ${found})`;
  throw errors.modelUnreadable({ model: version.reference, reason });
}

async function listFolder(owner: ArtifactOwner, folder: string): Promise<ModelFile[]> {
  const paths = await owner.listPaths(folder);
  if (paths.includes(join(folder, 'MLmodel'))) {
    const files = (await owner.filesBelow(folder)).map(({ path, sha256, size }) => ({
      path: folder === '' ? path : path.slice(folder.length + 1),
      sha256,
      size,
    }));
    return sortFiles(files);
  }
  const reason =
    paths.length === 0
      ? describeFiles(await owner.listPaths(''))
      : `none of its ${paths.length} files is called MLmodel`;
  throw errors.modelFolderMissing({ run: owner.id, path: folder, found: reason });
}

const shownFiles = 5;
/** Of a run that has no such folder. */
function describeFiles(paths: readonly string[]): string {
  if (paths.length === 0) return 'there are no files';
  const more = paths.length > shownFiles ? `, … (${paths.length} in all)` : '';
  return `no file lies there; the run has ${paths.slice(0, shownFiles).join(', ')}${more}`;
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
  owner: ArtifactOwner,
): Promise<Record<string, unknown> | null> {
  const file = await owner.find(recipeFile);
  const text = await readText(deps, owner.id, '', file ? [file] : [], recipeFile);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    const isOurs =
      typeof value === 'object' && value !== null && 'runId' in value && value.runId === owner.id;
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
