import { errors } from '../../base/errors.ts';

const longestPath = 1_800;
const refusals: readonly (readonly [RegExp, string])[] = [
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  [/[\u0000-\u001f\u007f]/, 'it holds a control character'],
  [/\\/, 'it holds a backslash'],
  [/#/, "it holds a '#'"],
  [/^\//, 'it is absolute'],
  [/^[A-Za-z][A-Za-z0-9+.-]*:/, 'it begins with a drive or a scheme'],
  [/(?:^|\/)\.{1,2}(?:\/|$)/, "it has a '.' or '..' in it"],
  [/\/\//, 'it has an empty part'],
];

/**
 * A file's path within its run. What is stored is the path as given; what is judged is every form that some later
 * reader could make of it by decoding it once more.
 * @throws artifactPathInvalid
 */
export function parseArtifactPath(path: string): string {
  const folder = parseArtifactFolder(path);
  if (folder === '' || path.endsWith('/'))
    throw errors.artifactPathInvalid({ path, reason: 'it names no file' });
  return folder;
}

export function isArtifactPath(path: string): boolean {
  return path.length <= longestPath && findRefusal(path) === undefined;
}

/** Like `parseArtifactPath`, for a folder: '' is the run's own, and a slash may stand at the end. */
export function parseArtifactFolder(path: string): string {
  const shown = path.slice(0, 200);
  if (path.length > longestPath)
    throw errors.artifactPathInvalid({ path: shown, reason: `it is longer than ${longestPath} characters` });
  const reason = findRefusal(path);
  if (reason) throw errors.artifactPathInvalid({ path: shown, reason });
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function findRefusal(path: string): string | undefined {
  for (const form of decodings(path)) {
    const found = refusals.find(([pattern]) => pattern.test(form));
    if (found) return found[1];
  }
  return undefined;
}

/** The path, then the path decoded, until decoding changes nothing more. */
function* decodings(path: string): Generator<string> {
  for (let form = path, last = ''; form !== last; ) {
    yield form;
    last = form;
    form = decode(form);
  }
}

/** Each valid escape by itself, so that one bad `%` cannot hide the others. */
function decode(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes.replace(/%([0-7][0-9A-Fa-f])/g, (_all, hex) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
    }
  });
}
