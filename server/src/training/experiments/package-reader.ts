import { basename } from 'node:path/posix';
import { TidemillError } from '../../base/errors.ts';
import type { OwnerLookup } from './artifact-owner.ts';
import type { ArtifactPlace } from './artifact-place.ts';
import { largestPackageFile, mostPackageFiles, packageFiles } from './packages.ts';

interface PackageFile {
  readonly name: string;
  readonly text: string;
}

/** Files of packages where no table knows their names: by a walk through each owner's folder. */
export function createPackageReader(getOwner: OwnerLookup) {
  async function readOwner(id: string, most: number, workspace: string): Promise<PackageFile[]> {
    const { place } = await getOwner(id, workspace);
    const named = (await place.listPaths('')).filter((path) => isPackageFile(basename(path)));
    const files: PackageFile[] = [];
    for (const path of named.slice(0, most)) files.push(...(await readFile(place, path)));
    return files;
  }

  return async (owners: readonly string[], workspace: string): Promise<string[]> => {
    const found: PackageFile[] = [];
    for (const id of owners) {
      const most = mostPackageFiles - found.length;
      if (most > 0) found.push(...(await readOwner(id, most, workspace).catch(nothing)));
    }
    return packageFiles.flatMap((name) => found.filter((file) => file.name === name)).map(({ text }) => text);
  };
}

const isPackageFile = (name: string): boolean => packageFiles.some((known) => known === name);

/** Ends early at a file that is too large, which closes it. */
async function readFile(place: ArtifactPlace, path: string): Promise<PackageFile[]> {
  const file = await place.open(path);
  const chunks: Uint8Array[] = [];
  for await (const chunk of file?.content ?? []) {
    if (file && file.size > largestPackageFile) return [];
    chunks.push(chunk);
  }
  return [{ name: basename(path), text: Buffer.concat(chunks).toString('utf8') }];
}

/** A model that is gone, or a folder that the server does not touch, says nothing of packages. */
function nothing(error: unknown): PackageFile[] {
  if (error instanceof TidemillError) return [];
  throw error;
}
