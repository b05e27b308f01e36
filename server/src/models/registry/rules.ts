import { createHash } from 'node:crypto';
import type {
  Approval,
  ModelStage,
  ModelState,
  ModelVersion,
  RegisteredModel,
  SignatureColumn,
} from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { formatReference, toUri } from '../../base/references.ts';

export interface ModelFile {
  /** Inside the model folder, with forward slashes. */
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

export interface SignatureField {
  readonly name: string;
  readonly type: string;
  readonly required?: boolean;
  readonly shape?: readonly number[];
}

/** What an MLmodel file says that we use; the parser is handed in by `app.ts`. */
export interface MLmodelFile {
  readonly signature: {
    readonly inputs: readonly SignatureField[];
    readonly outputs: readonly SignatureField[];
  };
  readonly flavors: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly trainingRange: readonly { readonly name: string; readonly min: number; readonly max: number }[];
}

/** What a model folder tells; of a version whose files are elsewhere nothing of it is known. */
export interface FolderContent {
  readonly digest: string | null;
  readonly files: readonly ModelFile[];
  readonly inputs: readonly SignatureField[];
  readonly outputs: readonly SignatureField[];
  readonly flavors: readonly string[];
  readonly trainingRange: Readonly<Record<string, { readonly minimum: number; readonly maximum: number }>>;
  readonly trainingSet: string | null;
  readonly recipe: Record<string, unknown> | null;
  readonly metrics: Readonly<Record<string, number | null>>;
}

export const noContent: FolderContent = {
  digest: null,
  files: [],
  inputs: [],
  outputs: [],
  flavors: [],
  trainingRange: {},
  trainingSet: null,
  recipe: null,
  metrics: {},
};

/** Where a version came from. */
export interface Origin {
  /** As it was given. */
  readonly source: string;
  /** Where MLflow's client downloads from. */
  readonly location: string | null;
  readonly runId: string | null;
  readonly loggedModel: string | null;
  /** The folder within the artifacts of its run or logged model. */
  readonly artifactPath: string | null;
}

export interface NewVersion extends FolderContent, Origin {
  readonly workspace: string;
  readonly model: string;
  readonly runLink: string | null;
  readonly description: string;
}

/** What is known of a version without reading its files. */
export interface VersionFacts extends Omit<Origin, 'source' | 'artifactPath'> {
  readonly model: string;
  readonly number: number;
  readonly source: string | null;
  readonly runLink: string | null;
  readonly stage: ModelStage;
  readonly state: ModelState;
  readonly description: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface StoredVersion extends FolderContent, VersionFacts {
  readonly workspace: string;
  readonly artifactPath: string | null;
  readonly approval: Approval;
  readonly createdBy: string;
}

/** What people said about a version. */
export interface VersionLabels {
  readonly aliases: readonly string[];
  readonly tags: readonly KeyValue[];
}

export interface StoredModel extends Omit<RegisteredModel, 'aliases' | 'tags'> {
  readonly aliases: readonly Alias[];
  readonly tags: readonly KeyValue[];
}

export interface Alias {
  readonly alias: string;
  readonly number: number;
}

/** SHA-256 over the files in order of their paths: equal folders have equal digests, wherever they lie. */
export function digestFiles(files: readonly { readonly path: string; readonly sha256: string }[]): string {
  const hash = createHash('sha256');
  for (const file of sortFiles(files)) hash.update(`${file.path}\0${file.sha256}\n`);
  return hash.digest('hex');
}

export const sortFiles = <F extends { readonly path: string }>(files: readonly F[]): F[] =>
  [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));

/** How the part after `@` picks a version; in this order a text can mean one thing only. */
export type Selector =
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'latest' }
  | { readonly kind: 'alias'; readonly alias: string };

export function parseSelector(version: string): Selector {
  if (/^\d+$/.test(version)) return { kind: 'number', number: Number(version) };
  if (version === 'latest') return { kind: 'latest' };
  return { kind: 'alias', alias: version };
}

/** Words that would hide behind a number or `latest`; MLflow keeps `v7` for numbers too. */
export const isReservedAlias = (alias: string): boolean => /^v?\d+$/i.test(alias) || /^latest$/i.test(alias);

export const stages: readonly ModelStage[] = ['None', 'Staging', 'Production', 'Archived'];

/** In any case, as in MLflow. @throws modelStageInvalid */
export function parseStage(text: string): ModelStage {
  const found = stages.find((stage) => stage.toLowerCase() === text.toLowerCase());
  if (found) return found;
  throw errors.modelStageInvalid({ stage: text.slice(0, 100), known: stages.join(', ') });
}

export const toTexts = (tags: readonly KeyValue[]): Record<string, string> =>
  Object.fromEntries(tags.map(({ key, value }) => [key, value]));

export const toRegisteredModel = (model: StoredModel): RegisteredModel => ({
  ...model,
  aliases: Object.fromEntries(model.aliases.map(({ alias, number }) => [alias, number])),
  tags: toTexts(model.tags),
});

export function toModelVersion(stored: StoredVersion, labels: VersionLabels): ModelVersion {
  return {
    model: stored.model,
    version: stored.number,
    reference: formatReference(stored.model, stored.number),
    uri: toUri('model', stored.model, stored.number),
    source: stored.source,
    digest: stored.digest,
    files: stored.files.map((file) => ({ ...file })),
    size: stored.files.reduce((sum, { size }) => sum + size, 0),
    warnings: warningsOf(stored.files),
    inputs: stored.inputs.map(toColumn),
    outputs: stored.outputs.map(toColumn),
    flavors: [...stored.flavors],
    trainingRange: { ...stored.trainingRange },
    runId: stored.runId,
    loggedModel: stored.loggedModel,
    trainingSet: stored.trainingSet,
    recipe: stored.recipe,
    metrics: { ...stored.metrics },
    approval: stored.approval,
    state: stored.state,
    aliases: [...labels.aliases].sort(),
    stage: stored.stage,
    tags: toTexts(labels.tags),
    description: stored.description,
    createdAt: stored.createdAt,
    updatedAt: stored.updatedAt,
    createdBy: stored.createdBy,
  };
}

const toColumn = ({ shape, ...column }: SignatureField): SignatureColumn => ({
  ...column,
  ...(shape && { shape: [...shape] }),
});

/** Pickles, by the names that MLflow's flavors, joblib and PyTorch give them. */
const pickles = /\.(?:pkl|pickle|joblib|dill|pth?)$/i;
const mostNamed = 3;

/** What whoever loads a model should know first: some formats run code of their author's as they are opened. */
export function warningsOf(files: readonly Pick<ModelFile, 'path'>[]): string[] {
  const name = (paths: readonly string[]) =>
    paths.length <= mostNamed
      ? paths.join(', ')
      : `${paths.slice(0, mostNamed).join(', ')} and ${paths.length - mostNamed} more`;
  const paths = files.map(({ path }) => path);
  const pickled = paths.filter((path) => pickles.test(path));
  const code = paths.filter((path) => path.endsWith('.py'));
  return [
    ...(pickled.length > 0
      ? [
          `Opening pickles runs whatever code is in them (${name(pickled)}): load them only if you trust who logged them, or log the model as ONNX or in MLflow's skops format.`,
        ]
      : []),
    ...(code.length > 0
      ? [`It brings Python code of its own, which runs when it is loaded (${name(code)}).`]
      : []),
  ];
}

/** The training set a recipe names, pinned to its number; null when it names none. */
export function trainingSetOf(recipe: Record<string, unknown> | null): string | null {
  const found = recipe?.trainingSet;
  const reference =
    typeof found === 'object' && found !== null && 'reference' in found ? found.reference : found;
  if (typeof reference !== 'string') return null;
  return reference.startsWith('dataset:') ? reference : `dataset:${reference}`;
}

/** MLflow keeps its prompts among the registered models. */
export const promptTag = 'mlflow.prompt.is_prompt';

export const isPrompt = (tags: readonly KeyValue[]): boolean =>
  tags.findLast(({ key }) => key === promptTag)?.value.toLowerCase() === 'true';
