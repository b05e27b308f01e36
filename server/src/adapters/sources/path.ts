import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, glob, open, realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, sep } from 'node:path';
import { errors } from '../../base/errors.ts';
import { canBeCut, formatOfName, requiredFormat, saveContent } from './saved-file.ts';
import type { Fetched, FetchedFile, FetchRequest, SourceLimits, SourcePolicy } from './sources.ts';

interface Found {
  readonly path: string;
  readonly file: FileHandle;
  readonly mark: string;
}

/** Files of this machine, copied while they are held open: what is swapped afterwards is not read. */
export async function fetchPath(
  request: FetchRequest & { readonly from: { readonly path: string } },
  policy: SourcePolicy,
  limits: SourceLimits,
): Promise<Fetched> {
  const { path: pattern } = request.from;
  const found = await openAll(pattern, policy, limits);
  try {
    const validator = createHash('sha256')
      .update(JSON.stringify(found.map(({ mark }) => mark)))
      .digest('hex');
    if (validator === request.validator) return { unchanged: true };
    const taken = request.sample ? found.slice(0, 1) : found;
    const files: FetchedFile[] = [];
    let bytes = 0;
    let isWhole = taken.length === found.length;
    for (const [i, { path, file }] of taken.entries()) {
      const format = requiredFormat(request.format ?? formatOfName(path), path);
      const to = join(request.folder, `${i}-${basename(path)}`);
      const saved = await saveContent(file.createReadStream({ autoClose: false }), {
        location: path,
        to,
        maxBytes: policy.maxBytes - bytes,
        sampleBytes: request.sample && canBeCut(format, path) ? limits.sampleBytes : null,
        signal: request.signal,
        onBytes: (part) => request.onBytes?.(bytes + part),
      });
      bytes += saved.bytes;
      isWhole &&= saved.isWhole;
      files.push({ path: to, label: basename(path), format });
    }
    return { unchanged: false, files, bytes, validator, isWhole, isBehindCursor: false };
  } finally {
    for (const { file } of found) await file.close();
  }
}

const remedy = 'An owner of the server allows folders with tidemill up --source-root';

async function openAll(pattern: string, policy: SourcePolicy, limits: SourceLimits): Promise<Found[]> {
  const refused = (reason: string) => errors.sourceRefused({ location: pattern, reason, remedy });
  if (policy.roots.length === 0) throw refused('no folder of the server is open to sources');
  if (!isAbsolute(pattern)) throw refused('it is no absolute path');
  const roots = await Promise.all(policy.roots.map((root) => realpath(root).catch(() => root)));
  // Before anything is looked up: a pattern must not tell whether files elsewhere exist.
  if (!policy.roots.concat(roots).some((root) => isWithin(root, fixedPart(pattern))))
    throw refused('it lies outside the folders that are open to sources');
  const found: Found[] = [];
  try {
    for (const path of await match(pattern, limits)) {
      const real = await realpath(path);
      if (!roots.some((root) => isWithin(root, real)))
        throw refused('it leads outside the folders that are open to sources');
      const file = await openSame(real);
      if (file) found.push({ path, ...file });
    }
    if (found.length === 0) throw notThere(pattern, 'no file is there');
    return found;
  } catch (error) {
    for (const { file } of found) await file.close();
    if (error instanceof Error && 'code' in error && /^E[A-Z]+$/.test(String(error.code)))
      throw notThere(pattern, String(error.code));
    throw error;
  }
}

const notThere = (location: string, reason: string) =>
  errors.sourceRejected({ location, reason, remedy: 'Check the path, and that the server may read it' });

/** Looked at for one pattern: `**` over a whole disk must end. */
const mostEntries = 100_000;

async function match(pattern: string, limits: SourceLimits): Promise<string[]> {
  if (!isPattern(pattern)) return [pattern];
  const tooMany = (reason: string) =>
    errors.sourceRejected({
      location: pattern,
      reason,
      remedy: 'Make the pattern narrower, or join the files',
    });
  const paths: string[] = [];
  let seen = 0;
  const exclude = (): boolean => {
    seen += 1;
    return seen > mostEntries;
  };
  for await (const path of glob(pattern, { exclude })) {
    paths.push(path);
    if (paths.length > limits.files) throw tooMany(`it means more than ${limits.files} files`);
  }
  if (seen > mostEntries) throw tooMany(`it walks over more than ${mostEntries} entries`);
  return paths.sort();
}

const isPattern = (path: string): boolean => /[*?[\]{}]/.test(path);

/** The folder that every match lies in. */
function fixedPart(pattern: string): string {
  const parts = pattern.split(sep);
  const first = parts.findIndex(isPattern);
  return join(parts.slice(0, first === -1 ? undefined : first).join(sep) || sep);
}

const isWithin = (root: string, path: string): boolean => {
  const way = relative(root, path);
  return !way.startsWith('..') && !isAbsolute(way);
};

/** Null for what is no regular file. A link put in its place meanwhile is not followed; another file is not taken. */
async function openSame(path: string): Promise<Omit<Found, 'path'> | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const [opened, named] = [await file.stat(), await stat(path)];
  if (opened.isFile() && opened.ino === named.ino && opened.dev === named.dev)
    return { file, mark: [path, opened.size, opened.mtimeMs, opened.ino].join() };
  await file.close();
  return null;
}
