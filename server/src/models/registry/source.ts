/** What the `source` of a version names: artifacts of ours, or a place that is only written down. */
import { errors } from '../../base/errors.ts';

export type Source =
  | {
      readonly kind: 'run';
      readonly runId: string;
      readonly path: string;
      readonly isStrict: boolean;
      readonly place?: string;
    }
  | {
      readonly kind: 'loggedModel';
      readonly id: string;
      readonly path: string;
      readonly isStrict: boolean;
      readonly place?: string;
    }
  /** By number, alias, `latest` or stage. */
  | { readonly kind: 'version'; readonly name: string; readonly selector: string; readonly isAlias: boolean }
  | { readonly kind: 'foreign' };

const longestSource = 2048;
/** A page that shows the source as a link must not run it. */
const refusedSchemes = new Set(['file', 'javascript', 'vbscript', 'data', 'local']);
const refusals: readonly (readonly [RegExp, string])[] = [
  [/\p{Cc}/u, 'it holds a control character'],
  [/\\/, 'it holds a backslash'],
  [/#/, "it has a fragment ('#')"],
  [/(?:^|[/?&=;:])\.{1,2}(?:$|[/?&=;])/, "it has a '.' or '..' in it"],
];

/**
 * The server never fetches a source, but what it resolves it serves: so every form that a later reader could make of
 * it by decoding it once more is judged, and only a URI of a known shape passes.
 * Local paths are refused, but for what lies in the folder that is the root of artifacts.
 * @throws modelSourceInvalid
 */
export function parseSource(source: string, artifactRoot: string): Source {
  if (source.length > longestSource) throw invalid(source, `it is longer than ${longestSource} characters`);
  if (!source.isWellFormed()) throw invalid(source, 'it holds half a surrogate pair');
  const isInRoot = artifactRoot.startsWith('file:') && source.startsWith(`${artifactRoot}/`);
  for (const form of decodings(source)) assertForm(source, form, isInRoot);
  if (isInRoot) return parseFolder(source);
  const [, scheme = '', rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/su.exec(source) ?? [];
  switch (scheme.toLowerCase()) {
    case 'runs':
      return parseRun(source, pathOf(source, rest));
    case 'models':
      return parseModel(source, pathOf(source, rest));
    case 'mlflow-artifacts':
      return parseArtifacts(source, rest);
    default:
      return { kind: 'foreign' };
  }
}

function assertForm(source: string, form: string, isInRoot: boolean): void {
  const refused = refusals.find(([pattern]) => pattern.test(form));
  if (refused) throw invalid(source, refused[1]);
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):\//.exec(form)?.[1]?.toLowerCase();
  if (scheme === undefined) throw invalid(source, 'it is a local path, which the server does not open');
  if (refusedSchemes.has(scheme) && !isInRoot)
    throw invalid(source, `sources of the scheme ${scheme}: are not taken`);
}

/** Our own references have a path and nothing else. */
function pathOf(source: string, rest: string): string {
  if (rest.startsWith('//') && !rest.startsWith('///')) throw invalid(source, 'it names another server');
  if (rest.includes('?')) throw invalid(source, 'it has a query');
  return rest.replace(/^\/+/, '');
}

function parseRun(source: string, path: string): Source {
  const [runId = '', ...rest] = path.split('/');
  if (runId === '') throw invalid(source, 'it names no run');
  return { kind: 'run', runId, path: toFolder(rest), isStrict: true };
}

const loggedModelId = /^m-[0-9a-f]{32}$/;

function parseModel(source: string, path: string): Source {
  const parts = path.split('/');
  const [name = '', selector] = parts;
  if (parts.length > 2 || name === '' || selector === '') throw invalid(source, 'it names no version');
  if (selector !== undefined) return { kind: 'version', name, selector, isAlias: false };
  const at = name.lastIndexOf('@');
  if (at > 0)
    return { kind: 'version', name: name.slice(0, at), selector: name.slice(at + 1), isAlias: true };
  if (!loggedModelId.test(name)) throw invalid(source, `'${name}' is no logged model's id (m-…)`);
  return { kind: 'loggedModel', id: name, path: '', isStrict: true };
}

/** Artifacts of another server are only written down. What has our shape but is not there is, too. */
function parseArtifacts(source: string, rest: string): Source {
  if (rest.startsWith('//') && !rest.startsWith('///')) return { kind: 'foreign' };
  const [experiment, owner, third, ...path] = pathOf(source, rest).split('/');
  if (!experiment || !owner) return { kind: 'foreign' };
  if (third === 'artifacts') return { kind: 'run', runId: owner, path: toFolder(path), isStrict: false };
  const [folder, ...below] = path;
  if (owner !== 'models' || !third || !loggedModelId.test(third) || folder !== 'artifacts')
    return { kind: 'foreign' };
  return { kind: 'loggedModel', id: third, path: toFolder(below), isStrict: false };
}

/** `<location>/<run>/artifacts/…` or `<location>/models/<model>/artifacts/…`; whether they lie there is asked of them. */
function parseFolder(source: string): Source {
  const found =
    /^(?<place>.+?\/(?:models\/(?<model>m-[0-9a-f]{32})|(?<run>[0-9a-f]{32}))\/artifacts)(?:\/(?<path>.*))?$/su;
  const { place, model, run, path = '' } = found.exec(source)?.groups ?? {};
  const below = { path: toFolder(path.split('/')), isStrict: true };
  if (place && model) return { kind: 'loggedModel', id: model, place, ...below };
  if (place && run) return { kind: 'run', runId: run, place, ...below };
  throw invalid(source, 'no artifacts of a run or a logged model lie there');
}

const toFolder = (parts: readonly string[]): string => parts.filter((part) => part !== '').join('/');

const mostDecodings = 20;

/** The source, then the source decoded, until decoding changes nothing more. */
function* decodings(source: string): Generator<string> {
  let form = source;
  for (let i = 0; i < mostDecodings; i++) {
    yield form;
    const next = decode(form);
    if (next === form) return;
    form = next;
  }
  throw invalid(source, 'it is encoded too often');
}

/** Each escape by itself, so that one bad `%` cannot hide the others. */
const decode = (text: string): string =>
  text.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex) => String.fromCharCode(Number.parseInt(hex, 16)));

const invalid = (source: string, reason: string) =>
  errors.modelSourceInvalid({ source: source.slice(0, 200), reason });
