import { isDeepStrictEqual } from 'node:util';
import type { FeatureView, PlannedChange, ProjectDefinition } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { isName, parseReference } from '../../base/references.ts';

/** In the order in which one thing can name another. */
export const kinds = [
  'datasets',
  'sources',
  'entities',
  'featureViews',
  'featureServices',
  'gates',
  'tests',
  'endpoints',
  'monitors',
  'retraining',
  'grants',
] as const;
export type Kind = (typeof kinds)[number];

export const labels: Readonly<Record<Kind, string>> = {
  datasets: 'dataset',
  sources: 'source',
  entities: 'entity',
  featureViews: 'view',
  featureServices: 'service',
  gates: 'gate',
  tests: 'test-cases',
  endpoints: 'endpoint',
  monitors: 'monitor',
  retraining: 'policy',
  grants: 'grants',
};

/** What a thing of the file needs: nothing, a change, or something else first. */
export interface Outlook {
  readonly action: PlannedChange['action'];
  readonly changes: readonly string[];
  readonly waitsFor: string | null;
}

/** What the file says, what was applied before, and what this plan is about to create: `endpoint:forecast`. */
export interface PlanContext {
  readonly file: ProjectDefinition;
  readonly before: ProjectDefinition | null;
  readonly caller: Caller;
  readonly creating: ReadonlySet<string>;
  /** Entities and views that get a new version, which whoever names them without a number follows: `view:price_stats`. */
  readonly moving: Set<string>;
  /** What the views of this plan will give, by name. */
  readonly planned: Map<string, PlannedView>;
}

export type PlannedView = Pick<FeatureView, 'name' | 'reference' | 'features' | 'joinKeys'>;

export interface KindOfThing {
  look(name: string, context: PlanContext): Promise<Outlook>;
  bring(name: string, outlook: Outlook, context: PlanContext): Promise<void>;
}

type Thing<K extends Kind> = NonNullable<ProjectDefinition[K]>[string];

export function thing<K extends Kind>(file: ProjectDefinition, kind: K, name: string): Thing<K> {
  const found = file[kind]?.[name];
  if (found === undefined) throw new Error(`${kind}.${name} is not in the file`);
  return found as Thing<K>;
}

export const unchanged: Outlook = { action: 'unchanged', changes: [], waitsFor: null };
export const waitFor = (uri: string): Outlook => ({ action: 'wait', changes: [], waitsFor: uri });
export const creation = (wanted: object): Outlook => ({
  action: 'create',
  changes: Object.keys(wanted),
  waitsFor: null,
});

/** Null = it is not there yet. */
export function outlookOf(current: object | null, wanted: object): Outlook {
  if (current === null) return creation(wanted);
  const changes = changedFields(current, wanted);
  return changes.length > 0 ? { action: 'update', changes, waitsFor: null } : unchanged;
}

/** Names of the fields in which two things differ, down to the innermost: `sweep.trials`. */
export function changedFields(current: object, wanted: object, prefix = ''): string[] {
  const [before, after] = [toRecord(current), toRecord(wanted)];
  const keys = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  return keys.flatMap((key) => {
    const [a, b] = [before[key], after[key]];
    if (isDeepStrictEqual(a, b)) return [];
    return isPlain(a) && isPlain(b) ? changedFields(a, b, `${prefix}${key}.`) : [`${prefix}${key}`];
  });
}

const toRecord = (value: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Only what the file says of an endpoint: what it leaves out may be anything. */
export function ownedFields<T extends object>(current: object, wanted: T): Partial<T> {
  return Object.fromEntries(
    Object.keys(wanted).map((key) => [key, (current as Record<string, unknown>)[key]]),
  ) as Partial<T>;
}

/**
 * What the file says of an endpoint that is there already. Its variants are not among it: they are those of the first
 * revision, and rollouts have moved them since.
 */
export function lastingPart(endpoint: NonNullable<ProjectDefinition['endpoints']>[string]) {
  const { variants: _variants, ...lasting } = endpoint;
  return lasting;
}

/** Of a kind, what the file speaks of. Grants that it no longer gives are looked at too: they are taken back. */
export function namesOf(kind: Kind, file: ProjectDefinition, before: ProjectDefinition | null): string[] {
  const earlier = kind === 'grants' ? before?.grants : undefined;
  return [...new Set([...Object.keys(file[kind] ?? {}), ...Object.keys(earlier ?? {})])];
}

/** @throws projectInvalid at the first name that could never be one */
export function assertNames(definition: ProjectDefinition): void {
  for (const kind of kinds)
    for (const name of Object.keys(definition[kind] ?? {}))
      if (kind !== 'grants' && !isName(name)) {
        const reason = `'${name}' cannot be a name; use a-z, 0-9, '.', '_' and '-'`;
        throw errors.projectInvalid({ path: `${kind}.${name}`, reason });
      }
}

/** Reads a reference of the file. @throws projectInvalid naming the place */
export function readReference(
  reference: string,
  kind: string,
  path: string,
): { name: string; version: string } {
  const prefix = /^([a-z]+):/.exec(reference)?.[1];
  if (prefix !== undefined && prefix !== kind)
    throw errors.projectInvalid({ path, reason: `'${reference}' names a ${prefix}, not a ${kind}` });
  try {
    return parseReference(reference);
  } catch (error) {
    throw toProjectError(error, path);
  }
}

/** The user's mistakes get the place in the file; failures of ours stay what they are. */
export function toProjectError(error: unknown, path: string): unknown {
  if (!(error instanceof TidemillError) || error.status >= 500 || error.code === 'projectInvalid')
    return error;
  return errors.projectInvalid({ path, reason: error.message.replace(/\.$/, '') }, error);
}

/** Models the file speaks of apart from its endpoints: an unknown name beside known ones is a slip of the pen. */
export function modelsOf({ gates = {}, tests = {}, retraining = {} }: ProjectDefinition): string[] {
  return [
    ...new Set([
      ...Object.keys({ ...gates, ...tests }),
      ...Object.values(retraining).map((policy) => policy.model),
    ]),
  ];
}

/** Null for the errors that say "not there". */
export async function find<T>(look: Promise<T>, ...codes: string[]): Promise<T | null> {
  try {
    return await look;
  } catch (error) {
    if (error instanceof TidemillError && codes.includes(error.code)) return null;
    throw error;
  }
}
