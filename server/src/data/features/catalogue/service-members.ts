import type { Column, FeatureService, FeatureView, ServiceView } from '@tidemill/contract';
import { errors } from '../../../base/errors.ts';
import { nameProblem } from './names.ts';

/** `price_stats@2:close as last_close`, taken apart; without a feature it means all of the view's. */
export interface Member {
  readonly text: string;
  /** `price_stats` or `price_stats@2`. */
  readonly view: string;
  readonly feature: string | null;
  readonly as: string | null;
}

const memberPattern =
  /^(?<view>[a-z0-9][a-z0-9._-]{0,127}(?:@[^\s:]+)?)(?::(?<feature>\S.*?))?(?:\s+as\s+(?<as>\S+))?$/i;

/** @throws featureDefinitionInvalid */
export function parseMember(what: string, text: string): Member {
  const { view, feature, as } = memberPattern.exec(text.trim())?.groups ?? {};
  if (view === undefined) {
    const reason = `'${text}' names no feature; write view, view@2, view:feature, view@2:feature or view:feature as name`;
    throw errors.featureDefinitionInvalid({ what, reason });
  }
  if (as !== undefined && feature === undefined) {
    const reason = `'${text}' gives one name to all features of a view; name the feature: ${view}:feature as ${as}`;
    throw errors.featureDefinitionInvalid({ what, reason });
  }
  return { text, view, feature: feature ?? null, as: as ?? null };
}

/** What a service needs to know of a view. */
export type MemberView = Pick<FeatureView, 'name' | 'reference' | 'features' | 'joinKeys'>;

/** The features that are taken of each view, in the order in which the views are first named. @throws featureDefinitionInvalid */
export function viewsOf(
  what: string,
  members: readonly Member[],
  resolved: ReadonlyMap<string, MemberView>,
): ServiceView[] {
  const found = new Map<string, { view: MemberView; features: ServiceView['features'] }>();
  for (const member of members) {
    const view = resolved.get(member.view);
    if (!view) throw new Error(`the view ${member.view} was not resolved`);
    const entry = found.get(view.name) ?? { view, features: [] };
    if (entry.view.reference !== view.reference) {
      const reason = `it takes features of ${entry.view.reference} and of ${view.reference}; take them of one version`;
      throw errors.featureDefinitionInvalid({ what, reason });
    }
    entry.features.push(...featuresOf(what, member, view));
    found.set(view.name, entry);
  }
  return [...found.values()].map(({ view, features }) => ({ reference: view.reference, features }));
}

function featuresOf(what: string, { feature, as }: Member, view: MemberView): ServiceView['features'] {
  if (feature === null) return view.features.map(({ name, type }) => ({ name, as: name, type }));
  const found = view.features.find(({ name }) => name === feature);
  if (found) return [{ name: found.name, as: as ?? found.name, type: found.type }];
  const known = view.features.map(({ name }) => name).join(', ');
  const reason = `${view.reference} has no feature '${feature}'; it has ${known}`;
  throw errors.featureDefinitionInvalid({ what, reason });
}

/** Key columns of all views, each once. @throws featureDefinitionInvalid where two views give one key different types */
export function joinKeysOf(
  what: string,
  views: readonly { readonly reference: string; readonly joinKeys: readonly Column[] }[],
): Column[] {
  const found = new Map<string, { column: Column; reference: string }>();
  for (const { reference, joinKeys } of views)
    for (const column of joinKeys) {
      const other = found.get(column.name);
      if (!other) found.set(column.name, { column, reference });
      else if (other.column.type !== column.type) {
        const reason = `the key '${column.name}' is ${other.column.type} in ${other.reference} and ${column.type} in ${reference}; cast it in one of them`;
        throw errors.featureDefinitionInvalid({ what, reason });
      }
    }
  return [...found.values()].map(({ column }) => ({ ...column }));
}

type Parts = Pick<FeatureService, 'views' | 'joinKeys' | 'request' | 'onDemand'>;

/** What a look-up of the service brings, in order. @throws featureDefinitionInvalid where two things have one name */
export function outputsOf(what: string, { views, joinKeys, request, onDemand }: Parts): Column[] {
  const taken = new Map<string, string>();
  const take = (name: string, owner: string, remedy: string): void => {
    const problem = nameProblem(name);
    if (problem !== null)
      throw errors.featureDefinitionInvalid({
        what,
        reason: `${owner} cannot be called '${name}': ${problem}; ${remedy}`,
      });
    const other = taken.get(name.toLowerCase());
    if (other !== undefined)
      throw errors.featureDefinitionInvalid({
        what,
        reason: `'${name}' is ${other} and ${owner}; ${remedy}`,
      });
    taken.set(name.toLowerCase(), owner);
  };
  for (const { name } of joinKeys) take(name, 'a key', 'rename it in the view');
  for (const { name } of request) take(name, 'a field of the request', 'call the field otherwise');
  for (const { reference, features } of views)
    for (const { name, as } of features)
      take(as, `a feature of ${reference}`, `rename it: ${reference}:${name} as other_name`);
  for (const { name } of onDemand) take(name, 'a feature on demand', 'call that feature otherwise');
  return [
    ...views.flatMap(({ features }) => features.map(({ as, type }) => ({ name: as, type }))),
    ...onDemand.map(({ name, type }) => ({ name, type })),
  ];
}

/** What expressions of the service may read: keys, fields of the request, features of its views. */
export const onDemandInputs = ({
  views,
  joinKeys,
  request,
}: Pick<FeatureService, 'views' | 'joinKeys' | 'request'>): Column[] => [
  ...joinKeys,
  ...request,
  ...views.flatMap(({ features }) => features.map(({ as, type }) => ({ name: as, type }))),
];
