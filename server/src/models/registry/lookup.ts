/** Finding what a reference names; what is not there is named together with what is. */
import type { ModelVersion } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import { errors } from '../../base/errors.ts';
import { formatReference, parseReference } from '../../base/references.ts';
import { aliasStore } from './alias-store.ts';
import { modelStore } from './model-store.ts';
import {
  type ModelFile,
  parseSelector,
  type StoredModel,
  type StoredVersion,
  type VersionFacts,
} from './rules.ts';
import { versionStore } from './version-store.ts';

/** @throws modelNotFound */
export async function getModel(db: Db, name: string, workspace: string): Promise<StoredModel> {
  const found = await modelStore(db).find(workspace, name);
  if (found) return found;
  const known = await modelStore(db).listNames(workspace, 20);
  const hint = known.length > 0 ? `Registered are ${known.join(', ')}` : 'None is registered yet';
  throw errors.modelNotFound({ name: name.slice(0, 256), known: hint });
}

/** By number, `latest` or alias. @throws referenceInvalid, modelNotFound, modelVersionNotFound */
export async function findStored(db: Db, reference: string, workspace: string): Promise<StoredVersion> {
  if (/^(?!model:)[a-z]+:/.test(reference)) {
    throw errors.referenceInvalid({ reference, reason: 'it does not name a model' });
  }
  const { name, version } = parseReference(reference);
  const number = await findNumber(db, workspace, name, version);
  const stored = number === null ? null : await versionStore(db).find(workspace, name, number);
  return stored ?? failToFind(db, workspace, name, version);
}

/** @throws modelNotFound, modelVersionNotFound */
export async function getFacts(
  db: Db,
  workspace: string,
  name: string,
  number: number,
): Promise<VersionFacts> {
  const facts = isSaneNumber(number) ? await versionStore(db).findFacts(workspace, name, number) : null;
  return facts ?? failToFind(db, workspace, name, String(number));
}

/** What the part after `@` stands for now; the version need not be there. */
export async function findNumber(
  db: Db,
  workspace: string,
  name: string,
  version: string,
): Promise<number | null> {
  const selector = parseSelector(version);
  if (selector.kind === 'number') return isSaneNumber(selector.number) ? selector.number : null;
  if (selector.kind === 'latest') return versionStore(db).findLatest(workspace, name);
  return aliasStore(db).findAlias(workspace, name, selector.alias);
}

/** What fits the column. */
const isSaneNumber = (number: number): boolean => number >= 1 && number <= 2_147_483_647;

async function failToFind(db: Db, workspace: string, name: string, version: string): Promise<never> {
  const model = await getModel(db, name, workspace);
  const versions =
    model.latestVersion === 0 ? 'It has no versions' : `It has versions up to ${model.latestVersion}`;
  const known = `${versions}. ${describeAliases(model)}`;
  throw errors.modelVersionNotFound({
    reference: formatReference(name, version),
    name,
    version,
    known,
  });
}

export function describeAliases(model: StoredModel): string {
  const names = model.aliases.map(({ alias }) => alias).sort();
  return names.length > 0 ? `Its aliases are ${names.join(', ')}` : 'It has no aliases';
}

/** @throws modelFileNotFound for every path that is not one of the version's own */
export function getFileOf(version: ModelVersion, path: string): ModelFile {
  const file = version.files.find((candidate) => candidate.path === path);
  if (file) return file;
  const known = version.files.map((candidate) => candidate.path);
  throw errors.modelFileNotFound({
    reference: version.reference,
    path: path.slice(0, 200),
    known: known.slice(0, 20).join(', '),
  });
}
