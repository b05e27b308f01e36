import type { DatasetVersion, TrainingSetDefinition } from '@tidemill/sdk';

export interface Exclusion {
  readonly why: string;
  readonly rows: number;
}

interface Counts {
  readonly entities: number;
  readonly rows: number;
  readonly excluded: Readonly<Record<string, number>>;
}

/** Why an entity row is none of the training set; a reason that is not here stands in its own word. */
const reasons: Readonly<Record<string, string>> = {
  labelKnownLater: 'left out: the label became known later',
  labelMissing: 'left out: there is no label',
};

const named = (kind: string, uris: readonly string[]) => uris.filter((uri) => uri.startsWith(`${kind}:`));

/** What the version's provenance says of how it was built. */
export function toLineage({ provenance: { inputs, detail } }: DatasetVersion) {
  const definition = detail.definition as TrainingSetDefinition;
  const counts = detail.counts as Counts | undefined;
  return {
    definition,
    views: named('view', inputs),
    services: named('service', inputs),
    entities: named('entity', inputs),
    pinned: pinnedOf(definition, named('dataset', inputs)),
    rows: counts ? rowsOf(counts) : [],
  };
}

/** Each name of the SQL with the version it meant; versions that the SQL names itself stand for themselves. */
function pinnedOf({ bindings = {} }: TrainingSetDefinition, uris: readonly string[]) {
  const bound = Object.entries(bindings).map(([name, version]) => ({
    name,
    version: version.includes('@') ? version : `${name}@${version}`,
  }));
  const known = new Set(bound.map(({ version }) => version));
  const written = uris.map((uri) => uri.slice('dataset:'.length)).filter((version) => !known.has(version));
  return [...bound, ...written.map((version) => ({ name: version, version }))];
}

const rowsOf = ({ entities, rows, excluded }: Counts): Exclusion[] => [
  { why: 'asked for', rows: entities },
  ...Object.entries(excluded).map(([reason, count]) => ({ why: reasons[reason] ?? reason, rows: count })),
  { why: 'in the training set', rows },
];
