/** `file:///abs/folder`: one spelling for one folder, so that lying below another can be seen from the text. */
import { isAbsolute, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const refused = /[\u0000-\u001f\u007f\\?#;]|%(?!20|[89A-Fa-f][0-9A-Fa-f])|(?:^|\/)\.{1,2}(?:\/|$)|[^:/]\/\//;

/** The folder's path; null for everything that is not an absolute, normalised path on this machine, and for `/`. */
export function parseFileUri(text: string): string | null {
  const uri = text.replace(/\/$/, '');
  if (!uri.startsWith('file:///') || uri.startsWith('file:////') || refused.test(uri)) return null;
  try {
    const path = fileURLToPath(uri);
    return isAbsolute(path) && normalize(path) === path && !/[\\?#;%]/.test(path) && path.length > 1
      ? path
      : null;
  } catch {
    return null;
  }
}

export const toFileUri = (path: string): string => pathToFileURL(path).href;
