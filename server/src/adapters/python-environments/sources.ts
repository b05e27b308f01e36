/** What an environment is made of: the files whose contents decide what will be in it. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import { errors } from '../../base/errors.ts';
import type { EnvironmentRequest } from './python-environments.ts';

export interface Sources {
  /** Of everything read. */
  readonly digest: string;
  /** The environment installs code of the folder itself, so it is good for this code alone. */
  readonly local: boolean;
}

const include = /^(?:-r|--requirement|-c|--constraint)(?:\s+|=)\s*(\S+)/;
/** `-e .`, `./lib`, `../lib`, `/lib`, `lib/` and `name @ file:…`: packages by where they lie. */
const localPackage = /^(?:-e|--editable)(?:\s+|=)\s*(?!(?:git|hg|svn|bzr)\+)|^\.{0,2}(?:\/|$)|^\.$|\bfile:/;

/** @throws environmentNotBuilt when a file that is named is not there */
export async function readSources({
  folder,
  file,
  kind,
}: Pick<EnvironmentRequest, 'folder' | 'file' | 'kind'>): Promise<Sources> {
  const hash = createHash('sha256');
  let local = false;
  const paths = kind === 'lock' ? [file, join(dirname(file), 'pyproject.toml')] : [file];
  const seen = new Set(paths);
  for (const path of paths) {
    const text = await readFile(join(folder, path), 'utf8').catch((error: Error) => {
      throw errors.environmentNotBuilt({ file, tool: 'Tidemill', log: error.message });
    });
    hash.update(`${path}\0${text}\0`);
    if (kind !== 'requirements') continue;
    for (const line of linesOf(text)) {
      const named = include.exec(line)?.[1];
      if (named && !/^\w+:\/\//.test(named)) {
        const next = normalize(join(dirname(path), named));
        if (!seen.has(next)) paths.push(next);
        seen.add(next);
      } else local ||= localPackage.test(line);
    }
  }
  if (local) await addFolder(hash, folder);
  return { digest: hash.digest('hex'), local };
}

/** Without comments; a line that ends in a backslash goes on in the next. */
const linesOf = (text: string): string[] =>
  text
    .replaceAll(/\\\r?\n/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(?:^|\s)#.*/, '').trim())
    .filter((line) => line !== '');

async function addFolder(hash: ReturnType<typeof createHash>, folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) {
    hash.update(`${relative(folder, path)}\0`);
    for await (const bytes of createReadStream(path)) hash.update(bytes as Uint8Array);
  }
}
