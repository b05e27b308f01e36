/** What a command leaves in its folder of outputs becomes artifacts of its run. */
import { createReadStream } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import type { Caller } from '../../../base/caller.ts';
import { TidemillError } from '../../../base/errors.ts';
import { inParallel } from '../../../base/in-parallel.ts';
import type { Experiments } from '../../experiments/service.ts';
import { type CommandFolder, listFiles } from './folder.ts';

const atOnce = 8;
const shownNames = 5;
/** Stands where a name was no UTF-8; under what it reads then there is no file. */
const unreadable = '\ufffd';

/** How many there are. Files whose names no artifact can have are left out, which the command's log says. */
export async function storeOutputs(
  experiments: Pick<Experiments, 'putArtifact'>,
  runId: string,
  folder: CommandFolder,
  caller: Caller,
): Promise<number> {
  const paths = await listFiles(folder.outputs);
  const leftOut: string[] = [];
  await inParallel(paths, atOnce, async (path) => {
    const store = () =>
      experiments.putArtifact({ id: runId, path, content: contentOf(`${folder.outputs}/${path}`) }, caller);
    if (path.includes(unreadable) || !(await isTaken(store))) leftOut.push(path);
  });
  if (leftOut.length > 0) await appendFile(folder.stderr, toLine(leftOut.sort()));
  return paths.length - leftOut.length;
}

async function isTaken(store: () => Promise<unknown>): Promise<boolean> {
  try {
    await store();
    return true;
  } catch (error) {
    if (error instanceof TidemillError && error.code === 'artifactPathInvalid') return false;
    throw error;
  }
}

/** Opened when first read: most of what is refused is refused before. */
async function* contentOf(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path);
}

function toLine(paths: readonly string[]): string {
  const shown = paths.slice(0, shownNames).map((path) => `'${path.replace(/\p{Cc}/gu, '?').slice(0, 200)}'`);
  const files = paths.length === 1 ? '1 file' : `${paths.length} files`;
  const rest = paths.length > shownNames ? ', …' : '';
  return `\n[${files} of outputs left out, as an artifact cannot have such a name: ${shown.join(', ')}${rest}]\n`;
}
