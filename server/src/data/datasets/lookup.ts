import type { Dataset, DatasetVersion } from '@tidemill/contract';
import type { TableSource } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import { errors } from '../../base/errors.ts';
import { formatReference, parseReference } from '../../base/references.ts';
import type { ContentFiles } from './content-files.ts';
import { chooseVersion, type StoredChunk } from './rules.ts';
import { datasetStore } from './store.ts';

/** Versions whose tags are named where one is not found. */
const shownVersions = 20;

/** From what a user writes to the version it means, and to its rows. */
export function createLookup({ db, files }: { readonly db: Db; readonly files: ContentFiles }) {
  const store = datasetStore(db);

  async function get(name: string, workspace: string): Promise<Dataset> {
    const found = await store.findDataset(workspace, name);
    if (found) return found;
    const names = await store.listNames(workspace);
    const known = names.length > 0 ? `There are ${names.join(', ')}` : 'None has been committed yet';
    throw errors.datasetNotFound({ name, known });
  }

  function find(name: string, version: string, workspace: string): Promise<DatasetVersion | null> {
    const choice = chooseVersion(version);
    if (choice.by === 'number') return store.findVersion(workspace, name, choice.number);
    if (choice.by === 'time') return store.findAsOf(workspace, name, choice.time);
    if (choice.by === 'tag') return store.findTagged(workspace, name, choice.tag);
    return store.findLatest(workspace, name);
  }

  async function getVersion(name: string, version: string, workspace: string): Promise<DatasetVersion> {
    const found = await find(name, version, workspace);
    if (found) return found;
    const { latestVersion } = await get(name, workspace);
    const first = version.startsWith('{') ? await store.findFirst(workspace, name) : null;
    if (first) {
      const known = `The first version, ${first.reference}, came at ${new Date(first.createdAt).toISOString()}`;
      throw errors.datasetVersionNotFound({ reference: formatReference(name, version), known });
    }
    const newest = await store.listVersions(workspace, name, undefined, shownVersions);
    const tags = newest.flatMap((each) => each.tags);
    const known = `The latest is ${formatReference(name, latestVersion)}${tags.length > 0 ? `; tags: ${tags.join(', ')}` : ''}`;
    throw errors.datasetVersionNotFound({ reference: formatReference(name, version), known });
  }

  /** A table without rows has no files; its columns then give it a shape. */
  async function tableOf(version: DatasetVersion, chunks: readonly StoredChunk[]): Promise<TableSource> {
    return chunks.length > 0 ? { paths: await files.paths(chunks) } : { paths: [], columns: version.columns };
  }

  async function source(version: DatasetVersion): Promise<TableSource> {
    return tableOf(version, (await files.get(version.digest)).stored);
  }

  function resolve(reference: string, workspace: string): Promise<DatasetVersion> {
    const { name, version } = parseReference(reference);
    return getVersion(name, version, workspace);
  }

  return { get, find, getVersion, resolve, source };
}

export type Lookup = ReturnType<typeof createLookup>;
