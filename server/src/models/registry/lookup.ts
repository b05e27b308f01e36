/** Finding what a reference names; what is not there is named together with what is. */
import type { ModelVersion, RegisteredModel } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import { errors } from '../../base/errors.ts';
import { parseReference } from '../../base/references.ts';
import { type ModelFile, parseSelector, type StoredVersion } from './rules.ts';
import { registryStore } from './store.ts';

/** @throws modelNotFound */
export async function getModel(db: Db, name: string, workspace: string): Promise<RegisteredModel> {
  const found = await registryStore(db).findModel(workspace, name);
  if (found) return found;
  const known = (await registryStore(db).listModels({ workspace, after: undefined, limit: 20 })).map(
    (model) => model.name,
  );
  const hint = known.length > 0 ? `Registered are ${known.join(', ')}` : 'None is registered yet';
  throw errors.modelNotFound({ name, known: hint });
}

/** By number, `latest` or alias. @throws referenceInvalid, modelNotFound, modelVersionNotFound */
export async function findStored(db: Db, reference: string, workspace: string): Promise<StoredVersion> {
  if (/^(?!model:)[a-z]+:/.test(reference)) {
    throw errors.referenceInvalid({ reference, reason: 'it does not name a model' });
  }
  const { name, version } = parseReference(reference);
  const model = await getModel(db, name, workspace);
  const selector = parseSelector(version);
  const number =
    selector.kind === 'number'
      ? selector.number
      : selector.kind === 'latest'
        ? model.latestVersion
        : model.aliases[selector.alias];
  const isThere = number !== undefined && number >= 1 && number <= model.latestVersion;
  const stored = isThere ? await registryStore(db).findVersion(workspace, name, number) : null;
  if (stored) return stored;
  const known = `It has versions 1 to ${model.latestVersion}. ${describeAliases(model)}`;
  throw errors.modelVersionNotFound({ reference, known });
}

export function describeAliases(model: RegisteredModel): string {
  const names = Object.keys(model.aliases).sort();
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
