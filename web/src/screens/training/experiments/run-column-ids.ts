/** Columns of the runs table as they stand in the address: `name`, `metrics.loss`, `parameters.lr`, `tags.stage`. */
import type { Sort } from '../../../lib/search.ts';
import { isSystem } from './compare-rules.ts';

export const keyKinds = ['metric', 'parameter', 'tag'] as const;
export type KeyKind = (typeof keyKinds)[number];

/** The word before the dot, in the address and in MLflow's grammar alike. */
export const keyWords = { metric: 'metrics', parameter: 'parameters', tag: 'tags' } as const;

export const attributeIds = [
  'name',
  'status',
  'started',
  'took',
  'user',
  'source',
  'commit',
  'datasets',
  'id',
] as const;
export type AttributeId = (typeof attributeIds)[number];

/** More would be more cells than anybody reads, and each is drawn anew while one scrolls. */
export const mostColumns = 40;

export const mostCompared = 20;

export interface KeyColumn {
  readonly kind: KeyKind;
  readonly key: string;
}

export function parseKeyColumn(id: string): KeyColumn | null {
  const dot = id.indexOf('.');
  const kind = keyKinds.find((known) => keyWords[known] === id.slice(0, dot));
  return kind && dot < id.length - 1 ? { kind, key: id.slice(dot + 1) } : null;
}

export const toColumnId = ({ kind, key }: KeyColumn): string => `${keyWords[kind]}.${key}`;

const isKnown = (id: string) => attributeIds.some((known) => known === id) || parseKeyColumn(id) !== null;

/** The columns an address asks for; a run's name always comes first. */
export function parseColumnIds(text: string | undefined, usual: readonly string[]): readonly string[] {
  if (text === undefined) return usual;
  // No key holds a comma: the server takes letters, digits and / _ . - : and spaces.
  const asked = text.split(',').filter(isKnown);
  return [...new Set(['name', ...asked])].slice(0, mostColumns);
}

export function formatColumnIds(ids: readonly string[], usual: readonly string[]): string | undefined {
  const text = ids.join(',');
  return text === usual.join(',') ? undefined : text;
}

/** Nobody looks at the machine's load first. */
const isOfInterest = (key: string) => !isSystem(key) && !key.startsWith('mlflow.');

export const usualAttributes = ['name', 'status', 'started', 'took'] as const;

/** What is shown until somebody chooses: little, of what the experiment has. */
export function toUsualIds(metrics: readonly string[], parameters: readonly string[]): readonly string[] {
  const first = (kind: KeyKind, keys: readonly string[], count: number) =>
    keys
      .filter(isOfInterest)
      .slice(0, count)
      .map((key) => toColumnId({ kind, key }));
  return [...usualAttributes, ...first('metric', metrics, 4), ...first('parameter', parameters, 3)];
}

const orderings: Readonly<Partial<Record<string, string>>> = {
  name: 'attributes.run_name',
  status: 'attributes.status',
  started: 'attributes.start_time',
  user: 'attributes.user_id',
  id: 'attributes.run_id',
  source: 'tags.`mlflow.source.name`',
  commit: 'tags.`mlflow.source.git.commit`',
};

/** A column in MLflow's `order_by`; null where the server has no order for it. */
export function toOrdering(id: string): string | null {
  const column = parseKeyColumn(id);
  return column ? `${keyWords[column.kind]}.\`${column.key}\`` : (orderings[id] ?? null);
}

export function toOrderBy(sort: Sort | null): string[] | undefined {
  const ordering = sort && toOrdering(sort.id);
  return ordering ? [`${ordering} ${sort.desc ? 'DESC' : 'ASC'}`] : undefined;
}

const isTopLevel = 'tags.mlflow.parentRunId IS NULL';

/** What the user typed, and with it, where asked for, that a run is nobody's child. */
export function toFilter(typed: string | undefined, isTopOnly: boolean): string | undefined {
  if (!isTopOnly) return typed;
  return typed ? `(${typed}) AND ${isTopLevel}` : isTopLevel;
}

/** What a run must bring so that these columns can be drawn; of all else it logged, nothing is sent. */
export function toProjection(ids: readonly string[]): string[] {
  const keyed = ids.filter((id) => parseKeyColumn(id) !== null).flatMap((id) => toOrdering(id) ?? []);
  const tags = ids.filter((id) => id === 'source' || id === 'commit').flatMap((id) => toOrdering(id) ?? []);
  const inputs = ids.includes('datasets') ? ['inputs'] : [];
  return [...new Set(['tags.`mlflow.parentRunId`', ...keyed, ...tags, ...inputs])];
}
