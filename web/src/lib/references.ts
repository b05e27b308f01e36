/** Kinds of things that have a screen; the word before the colon of a typed uri. */
export const kinds = [
  'dataset',
  'source',
  'view',
  'entity',
  'service',
  'run',
  'logged-model',
  'experiment',
  'job',
  'sweep',
  'model',
  'gate',
  'evaluation',
  'study',
  'endpoint',
  'rollout',
  'monitor',
  'alert',
  'loop-run',
  'analysis',
] as const;
export type Kind = (typeof kinds)[number];

export interface Reference {
  readonly kind: Kind;
  readonly name: string;
  /** Number, `latest`, tag or alias; null where the name stands alone. */
  readonly version: string | null;
}

/** Other words that uris of the same things are written with. */
const synonyms: Readonly<Record<string, Kind>> = {
  'feature-view': 'view',
  'feature-service': 'service',
  loop: 'loop-run',
  looprun: 'loop-run',
};

/** Reads `name@3`, `"my model"@7` or a bare name. */
export function parseName(text: string): { name: string; version: string | null } {
  const quoted = /^"([^"]+)"(?:@(.+))?$/.exec(text);
  if (quoted) return { name: quoted[1] ?? '', version: quoted[2] ?? null };
  const at = text.lastIndexOf('@');
  return at > 0 ? { name: text.slice(0, at), version: text.slice(at + 1) } : { name: text, version: null };
}

/** Reads a typed uri such as `dataset:prices@3`; null for what has no screen. */
export function parseUri(uri: string): Reference | null {
  const colon = uri.indexOf(':');
  if (colon < 1 || colon === uri.length - 1) return null;
  const word = uri.slice(0, colon);
  const kind = synonyms[word] ?? kinds.find((known) => known === word);
  return kind ? { kind, ...parseName(uri.slice(colon + 1)) } : null;
}

const encode = encodeURIComponent;

/** The address of a thing's screen inside the UI. */
/** As the server writes it: a name that is not one of ours stands in quotes. */
export const modelUri = (name: string): string =>
  /^[a-z0-9][a-z0-9._-]{0,127}$/.test(name) ? `model:${name}` : `model:"${name.replaceAll('"', '""')}"`;

export function pathOf({ kind, name, version }: Reference): string {
  switch (kind) {
    case 'dataset':
      return version ? `/datasets/${encode(name)}/versions/${encode(version)}` : `/datasets/${encode(name)}`;
    case 'view':
      return `/feature-views/${encode(name)}/versions/${encode(version ?? 'latest')}`;
    case 'entity':
      return `/entities/${encode(name)}/versions/${encode(version ?? 'latest')}`;
    case 'service':
      return `/feature-services/${encode(name)}/versions/${encode(version ?? 'latest')}`;
    case 'gate':
      return `/models/${encode(name)}`;
    case 'model':
      return version ? `/models/${encode(name)}/versions/${encode(version)}` : `/models/${encode(name)}`;
    default:
      return `/${folders[kind]}/${encode(name)}`;
  }
}

const folders = {
  source: 'sources',
  run: 'runs',
  'logged-model': 'logged-models',
  experiment: 'experiments',
  job: 'jobs',
  sweep: 'sweeps',
  evaluation: 'evaluations',
  study: 'studies',
  endpoint: 'endpoints',
  rollout: 'rollouts',
  monitor: 'monitors',
  alert: 'alerts',
  'loop-run': 'loop-runs',
  analysis: 'analyses',
} as const;

export interface TextPart {
  readonly text: string;
  readonly reference: Reference | null;
}

/** Our ids say what they name: `rollout_01a2…`. */
const idKinds: Readonly<Record<string, Kind>> = {
  job: 'job',
  sweep: 'sweep',
  ev: 'evaluation',
  study: 'study',
  rollout: 'rollout',
  alert: 'alert',
  loop: 'loop-run',
};
const idPattern = `(?:${Object.keys(idKinds).join('|')})_[0-9a-f]{32}`;
const uriPattern = `(?:${[...kinds, ...Object.keys(synonyms)].join('|')}):(?:"[^"]+"|[A-Za-z0-9][\\w.-]*)(?:@[\\w.-]*\\w)?`;
const namePattern = '[a-z0-9][a-z0-9._-]*@[0-9]+';
const pattern = new RegExp(`\\b(?:${uriPattern}|${idPattern}|${namePattern})`, 'g');

/** What a word of free text names; bare names only where one of `known` says what they are. */
function toReference(word: string, known: readonly string[]): Reference | null {
  const prefix = new RegExp(`^${idPattern}$`).test(word) && idKinds[word.slice(0, word.indexOf('_'))];
  if (prefix) return { kind: prefix, name: word, version: null };
  return parseUri(word) ?? parseUri(known.find((uri) => uri.endsWith(`:${word}`)) ?? '');
}

/** Cuts free text at the references in it: typed uris, our ids, and names of which the uri is known. */
export function splitText(text: string, known: readonly string[] = []): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    const word = match[0].replace(/\.+$/, '');
    const reference = toReference(word, known);
    if (!reference) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index), reference: null });
    parts.push({ text: word, reference });
    end = match.index + word.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), reference: null });
  return parts;
}

/** How a reference is shown: as it is, but a long id by its end, where ids made close together differ. */
export function toLabel(text: string): string {
  const id = /^(?:([a-z-]+):)?(?:([a-z]+)_)?([0-9a-f]{32})$/.exec(text);
  if (!id) return text;
  const [, kind, prefix, digits] = id;
  return `${kind ?? (prefix ? (idKinds[prefix] ?? prefix) : '')} …${(digits ?? '').slice(-8)}`.trim();
}
