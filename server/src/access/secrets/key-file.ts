import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { errors } from '../../base/errors.ts';
import { newKeyText, parseKey, type SecretKey, toKey } from './rules.ts';

/** The key in a file of ours; null when there is none yet. @throws secretKeyExposed, secretKeyInvalid */
export function findKey(file: string): SecretKey | null {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) return null;
  assertPrivate(file, found.mode);
  const bytes = parseKey(readFileSync(file, 'utf8'));
  if (!bytes) throw errors.secretKeyInvalid({ file });
  return toKey(bytes, file);
}

/** Renamed into place when it is whole: a crash in between leaves no half a key. */
export function ensureKey(file: string): SecretKey {
  const found = findKey(file);
  if (found) return found;
  const part = `${file}.part`;
  const descriptor = openSync(part, 'w', 0o600);
  try {
    writeSync(descriptor, `${newKeyText()}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(part, file);
  const created = findKey(file);
  if (!created) throw errors.secretKeyInvalid({ file });
  return created;
}

/** Windows keeps its rights elsewhere; there the mode says nothing. */
function assertPrivate(file: string, mode: number): void {
  if (process.platform === 'win32' || (mode & 0o077) === 0) return;
  throw errors.secretKeyExposed({ file, mode: (mode & 0o777).toString(8) });
}
