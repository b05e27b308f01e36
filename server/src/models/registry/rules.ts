import { createHash } from 'node:crypto';
import type { Approval, ModelVersion } from '@tidemill/contract';
import { formatReference, toUri } from '../../base/references.ts';

export interface ModelFile {
  /** Inside the model folder, with forward slashes. */
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/** What an MLmodel file says that we use; the parser is handed in by `app.ts`. */
export interface MLmodelFile {
  readonly signature: { readonly inputs: readonly { readonly name: string; readonly type: string }[] };
  readonly flavors: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly trainingRange: readonly { readonly name: string; readonly min: number; readonly max: number }[];
}

export interface NewVersion {
  readonly workspace: string;
  readonly model: string;
  readonly runId: string;
  readonly artifactPath: string;
  readonly digest: string;
  readonly files: readonly ModelFile[];
  readonly inputs: readonly { readonly name: string; readonly type: string }[];
  readonly flavors: readonly string[];
  readonly trainingRange: Readonly<Record<string, { readonly minimum: number; readonly maximum: number }>>;
  readonly trainingSet: string | null;
  readonly recipe: Record<string, unknown> | null;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly description: string;
}

export interface StoredVersion extends NewVersion {
  readonly number: number;
  readonly approval: Approval;
  readonly createdAt: number;
  readonly createdBy: string;
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
export const isReservedAlias = (alias: string): boolean => /^v?\d+$/.test(alias) || alias === 'latest';

export function toModelVersion(stored: StoredVersion, aliases: readonly string[]): ModelVersion {
  return {
    model: stored.model,
    version: stored.number,
    reference: formatReference(stored.model, stored.number),
    uri: toUri('model', stored.model, stored.number),
    digest: stored.digest,
    files: stored.files.map((file) => ({ ...file })),
    inputs: stored.inputs.map((input) => ({ ...input })),
    flavors: [...stored.flavors],
    trainingRange: { ...stored.trainingRange },
    runId: stored.runId,
    trainingSet: stored.trainingSet,
    recipe: stored.recipe,
    metrics: { ...stored.metrics },
    approval: stored.approval,
    aliases: [...aliases].sort(),
    description: stored.description,
    createdAt: stored.createdAt,
    createdBy: stored.createdBy,
  };
}

/** The training set a recipe names, pinned to its number; null when it names none. */
export function trainingSetOf(recipe: Record<string, unknown> | null): string | null {
  const found = recipe?.trainingSet;
  const reference =
    typeof found === 'object' && found !== null && 'reference' in found ? found.reference : found;
  if (typeof reference !== 'string') return null;
  return reference.startsWith('dataset:') ? reference : `dataset:${reference}`;
}
