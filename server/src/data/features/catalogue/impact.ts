import { isDeepStrictEqual } from 'node:util';
import type {
  FeatureImpact,
  FeatureService,
  FeatureUses,
  FeatureView,
  FeatureViewDefinition,
} from '@tidemill/contract';
import type { Caller } from '../../../base/caller.ts';
import { inParallel } from '../../../base/in-parallel.ts';
import { parseUri, toUri } from '../../../base/references.ts';
import type { Bindings } from '../../datasets/service.ts';
import { isSameMeaning, type ViewMeaning } from '../rules.ts';
import type { Views } from '../views.ts';
import type { Uses } from './uses.ts';

export interface ImpactDependencies {
  readonly views: Pick<Views, 'findMeaning' | 'tryOut'>;
  readonly uses: Uses;
  resolveService(reference: string, workspace: string): Promise<FeatureService>;
}

type ImpactInput = FeatureViewDefinition & { readonly name: string; readonly bindings?: Bindings };
type FeatureChange = FeatureImpact['features'][number];

/** What breaks if a view changes: what it would mean, feature by feature, and who has each of them now. */
export function createImpact({ views, uses: { usesOf, usesWithout }, resolveService }: ImpactDependencies) {
  /** Of one feature: the services that take it, and whoever has all of the view's. */
  async function usersOf(view: FeatureView, all: FeatureUses, feature: string): Promise<FeatureUses> {
    const { workspace, uri } = view;
    const services = await inParallel(all.services, 8, (service) =>
      resolveService(parseUri(service).reference, workspace),
    );
    const without = services.filter(
      ({ views: taken }) =>
        !taken.some(
          ({ reference, features }) =>
            reference === view.reference && features.some(({ name }) => name === feature),
        ),
    );
    return without.length === 0
      ? all
      : usesWithout(
          workspace,
          uri,
          without.map((service) => service.uri),
        );
  }

  async function changesOf(
    before: ViewMeaning,
    after: ViewMeaning,
    users: (feature: string) => Promise<FeatureUses>,
  ) {
    const found: FeatureChange[] = [];
    const old = new Map(before.features.map(({ name, type }) => [name, type]));
    const fresh = new Map(after.features.map(({ name, type }) => [name, type]));
    for (const name of new Set([...old.keys(), ...fresh.keys()])) {
      const [from, to] = [old.get(name) ?? null, fresh.get(name) ?? null];
      if (from === to) continue;
      const change = from === null ? 'added' : to === null ? 'removed' : 'retyped';
      found.push({ name, change, from, to, uses: await users(name) });
    }
    return found;
  }

  return {
    async impact(input: ImpactInput, caller: Caller): Promise<FeatureImpact> {
      const { name, bindings } = input;
      const { workspace } = caller;
      const options = { workspace, rows: 1, bindings };
      const { meaning } = await views.tryOut(`feature view '${name}'`, input, options);
      const current = await views.findMeaning(name, workspace);
      if (current === null) {
        const uses = await usesOf(workspace, toUri('view', name));
        const features = meaning.features.map(
          (feature): FeatureChange => ({
            name: feature.name,
            change: 'added',
            from: null,
            to: feature.type,
            uses,
          }),
        );
        return { view: null, sameMeaning: false, changes: [], features, uses };
      }
      const { view } = current;
      const uses = await usesOf(workspace, view.uri);
      return {
        view: view.reference,
        sameMeaning: isSameMeaning(current.meaning, meaning),
        changes: partsThatDiffer(current.meaning, meaning),
        features: await changesOf(current.meaning, meaning, (feature) => usersOf(view, uses, feature)),
        uses,
      };
    },
  };
}

function partsThatDiffer(before: ViewMeaning, after: ViewMeaning): string[] {
  const isTyped = before.joinKeys.length > 0;
  const parts: readonly [string, keyof ViewMeaning][] = [
    ['sql', 'sql'],
    ['entities', 'entities'],
    isTyped ? ['joinKeys', 'joinKeys'] : ['entity', 'entity'],
    ['eventTime', 'eventTime'],
    ['createdTime', 'createdTime'],
    ['ttl', 'ttlMs'],
    ['stream', 'stream'],
    ['aggregations', 'aggregations'],
    ['inputs', 'inputs'],
    ['features', 'features'],
  ];
  return parts.filter(([, key]) => !isDeepStrictEqual(before[key], after[key])).map(([part]) => part);
}
