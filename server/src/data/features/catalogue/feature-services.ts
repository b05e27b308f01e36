import type { FeatureService, FeatureServiceDefinition, FeatureView } from '@tidemill/contract';
import type { Caller } from '../../../base/caller.ts';
import { errors } from '../../../base/errors.ts';
import { inParallel } from '../../../base/in-parallel.ts';
import { formatReference, toUri } from '../../../base/references.ts';
import { assertOnDemand } from '../on-demand.ts';
import type { Views } from '../views.ts';
import {
  type About,
  aboutOf,
  aboutWords,
  type CatalogueEntry,
  type Definition,
  shownEntry,
} from './definition.ts';
import { createDefinitions, type DefinitionsDependencies } from './definitions.ts';
import {
  joinKeysOf,
  type MemberView,
  onDemandInputs,
  outputsOf,
  parseMember,
  viewsOf,
} from './service-members.ts';

type ServiceMeaning = Pick<
  FeatureService,
  'features' | 'request' | 'onDemand' | 'views' | 'joinKeys' | 'outputs'
>;

export interface FeatureServicesDependencies extends DefinitionsDependencies {
  readonly views: Pick<Views, 'resolveView' | 'tryOut'>;
}

/** Feature services: what one model takes of which views, under one name for training and for serving. */
export function createFeatureServices(deps: FeatureServicesDependencies) {
  const { views } = deps;
  const definitions = createDefinitions<ServiceMeaning, About, FeatureService>(deps, {
    kind: 'service',
    domain: 'featureServices',
    present,
    isSameMeaning: (a, b) => spell(a) === spell(b),
    entriesOf,
    notFound: errors.featureServiceNotFound,
    versionNotFound: errors.featureServiceVersionNotFound,
  });

  /** With its references resolved: a service names versions of views. */
  async function resolveMeaning<V extends MemberView>(
    what: string,
    input: FeatureServiceDefinition,
    resolve: (reference: string) => Promise<V>,
  ): Promise<{ meaning: ServiceMeaning; found: V[] }> {
    const members = input.features.map((text) => parseMember(what, text));
    const references = [...new Set(members.map(({ view }) => view))];
    const resolved = new Map<string, V>();
    await inParallel(references, 8, async (reference) => {
      resolved.set(reference, await resolve(reference));
    });
    const request = (input.request ?? []).map(({ name, type }) => ({ name, type }));
    const onDemand = (input.onDemand ?? []).map(({ name, type, expression }) => ({ name, type, expression }));
    const taken = viewsOf(what, members, resolved);
    // In the order of the members, not in that of the answers: it is the order of the join keys.
    const inOrder = references.flatMap((reference) => resolved.get(reference) ?? []);
    const found = [...new Map(inOrder.map((view) => [view.reference, view])).values()];
    const joinKeys = joinKeysOf(what, found);
    const parts = { views: taken, joinKeys, request, onDemand };
    const meaning = { features: input.features, ...parts, outputs: outputsOf(what, parts) };
    assertOnDemand(what, onDemand, onDemandInputs(meaning));
    return { meaning, found };
  }

  const resolveTyped =
    (workspace: string) =>
    async (reference: string): Promise<FeatureView> =>
      typed(await views.resolveView(reference, workspace));

  /** A view older than types of keys is run once more to learn them. */
  async function typed(view: FeatureView): Promise<FeatureView> {
    if (view.joinKeys.length > 0) return view;
    const { sql, entity, eventTime } = view;
    const definition = { sql, entity, eventTime };
    const { meaning } = await views.tryOut(view.reference, definition, {
      workspace: view.workspace,
      rows: 1,
    });
    return { ...view, joinKeys: meaning.joinKeys };
  }

  return {
    ...definitions,

    get: (input: { name: string; version: string }, caller: Caller): Promise<FeatureService> =>
      definitions.resolve(formatReference(input.name, input.version), caller.workspace),

    /** Whether it could be defined, beside views that are only planned. @throws featureDefinitionInvalid and others as `put` */
    async check(
      input: FeatureServiceDefinition & { readonly name: string },
      workspace: string,
      planned: (reference: string) => MemberView | undefined,
    ): Promise<void> {
      const resolve = resolveTyped(workspace);
      await resolveMeaning<MemberView>(
        `The feature service '${input.name}'`,
        input,
        async (reference) => planned(reference) ?? resolve(reference),
      );
    },

    /** What it would mean. @throws featureDefinitionInvalid and others as `put` */
    async meaningOf(input: FeatureServiceDefinition, workspace: string): Promise<ServiceMeaning> {
      return (await resolveMeaning('The feature service', input, resolveTyped(workspace))).meaning;
    },

    async put(
      input: FeatureServiceDefinition & { readonly name: string },
      caller: Caller,
    ): Promise<FeatureService & { unchanged: boolean }> {
      const { name } = input;
      const { meaning, found } = await resolveMeaning(
        `The feature service '${name}'`,
        input,
        resolveTyped(caller.workspace),
      );
      const uses = found.map(({ uri }) => ({
        uri,
        relation: 'feature-service',
        reason: 'feature service reads it',
      }));
      return definitions.put(name, { meaning, about: aboutOf(input), uses }, caller);
    },

    async delete(input: { name: string }, caller: Caller): Promise<Record<string, never>> {
      await definitions.delete(input, caller);
      return {};
    },

    async deleteVersion(
      input: { name: string; version: string },
      caller: Caller,
    ): Promise<Record<string, never>> {
      await definitions.deleteVersion(input, caller);
      return {};
    },
  };
}

function present(definition: Definition<ServiceMeaning, About>): FeatureService {
  const { workspace, name, version, meaning, about, createdAt, createdBy } = definition;
  const reference = formatReference(name, version);
  const uri = toUri('service', name, version);
  return { workspace, name, version, reference, uri, ...about, ...meaning, createdAt, createdBy };
}

/** What it gives, not how it was asked for: `price_stats` and `price_stats@2` may be the same. */
const spell = ({ views, joinKeys, request, onDemand }: ServiceMeaning): string =>
  JSON.stringify([
    views.map(({ reference, features }) => [
      reference,
      features.map(({ name, as, type }) => [name, as, type]),
    ]),
    joinKeys.map(({ name, type }) => `${name} ${type}`).sort(),
    request.map(({ name, type }) => [name, type]),
    onDemand.map(({ name, type, expression }) => [name, type, expression]),
  ]);

function entriesOf(definition: Definition<ServiceMeaning, About>): CatalogueEntry[] {
  const { name, meaning, about } = definition;
  const { views, outputs, joinKeys } = meaning;
  const words = [
    name,
    ...aboutWords(about),
    ...views.map(({ reference }) => reference),
    ...[...outputs, ...joinKeys].map((column) => column.name),
  ];
  return [{ kind: 'service', feature: '', title: name, words, shown: shownEntry(definition) }];
}

export type FeatureServices = ReturnType<typeof createFeatureServices>;
