/** Models that the real `mlflow` client has saved, for tests of what runs them. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { PythonSource } from '../adapters/inference/inference.ts';

/** `exact` (2a + 3b + 1), `odd` (does what its column says), `houses` and `array` (scikit-learn). */
export async function savePythonModels(python: string, folder: string): Promise<void> {
  await promisify(execFile)(python, [join(import.meta.dirname, 'python_models.py'), folder]);
}

/** As the registry gives it, but straight from a folder. */
export function readSavedModel(folder: string, inputNames: readonly string[]): PythonSource {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => {
      const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
      return { path: relative(folder, path), sha256, from: path };
    });
  const digest = createHash('sha256').update(JSON.stringify(files)).digest('hex');
  const localPath = async (wanted: string) => files.find(({ sha256 }) => sha256 === wanted)?.from ?? '';
  return { kind: 'python', model: `${folder.split('/').at(-1)}@1`, digest, files, inputNames, localPath };
}
