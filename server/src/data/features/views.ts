import type { Entity, FeatureView, FeatureViewDefinition, OnlineSettings } from '@tidemill/contract';
import type { Analytics, QueryReply } from '../../adapters/analytics/analytics.ts';
import type { Caller } from '../../base/caller.ts';
import { durationMs, formatDuration } from '../../base/duration.ts';
import { errors } from '../../base/errors.ts';
import { formatReference, toUri } from '../../base/references.ts';
import { type Bindings, type BoundSql, createBinder, type Datasets } from '../datasets/service.ts';
import {
  type About,
  aboutOf,
  aboutWords,
  type CatalogueEntry,
  type Definition,
  shownEntry,
} from './catalogue/definition.ts';
import { createDefinitions, type DefinitionsDependencies } from './catalogue/definitions.ts';
import type { Entities } from './catalogue/entities.ts';
import type { Retire } from './online/retirement.ts';
import { longestCell, type PreviewReply, toPreview } from './preview-cells.ts';
import { isSameMeaning, meaningOf, shapeOf, type ViewMeaning } from './rules.ts';
import { namingSql } from './sql-failure.ts';
import { previewWindows } from './window-preview.ts';

export interface ViewsDependencies extends DefinitionsDependencies {
  readonly analytics: Analytics;
  readonly datasets: Datasets;
  readonly retire: Retire;
  readonly entities: Pick<Entities, 'resolve'>;
}

interface ViewAbout extends About {
  readonly freshness: string | null;
  readonly online: OnlineSettings;
}

/** A definition that has been run once. */
export interface TriedView {
  readonly meaning: ViewMeaning;
  readonly bound: BoundSql;
  readonly reply: QueryReply;
  readonly entities: readonly Entity[];
}

interface TrialOptions {
  readonly workspace: string;
  readonly rows: number;
  readonly bindings?: Bindings | undefined;
  readonly signal?: AbortSignal | undefined;
}

type PreviewInput = FeatureViewDefinition & { readonly limit?: number; readonly bindings?: Bindings };

const previewRows = 100;

/** Feature views as they are defined: versions of SQL over dataset versions with entity and time. */
export function createViews(deps: ViewsDependencies) {
  const { analytics } = deps;
  const definitions = createDefinitions<ViewMeaning, ViewAbout, FeatureView>(deps, {
    kind: 'view',
    domain: 'features',
    present,
    isSameMeaning,
    entriesOf,
    retire: deps.retire,
    notFound: errors.featureViewNotFound,
    versionNotFound: errors.featureViewVersionNotFound,
  });

  /** Runs a definition once: what it means, and some rows. */
  async function tryOut(
    what: string,
    definition: FeatureViewDefinition,
    options: TrialOptions,
  ): Promise<TriedView> {
    const { workspace, signal } = options;
    const names = definition.entities ?? [];
    const entities = await Promise.all(names.map((name) => deps.entities.resolve(name, workspace)));
    const shape = shapeOf(what, definition, entities);
    const binder = createBinder(deps, workspace, options.bindings);
    const bound = await binder.bind(what, shape.sql);
    binder.resolved();
    const reply = await namingSql(what, () =>
      analytics.sandboxedQuery({ ...bound, maxRows: options.rows, maxCell: longestCell, signal }),
    );
    const meaning = meaningOf(what, shape, reply.columns, entities, bound.names);
    return { meaning, bound, reply, entities };
  }

  return {
    resolveView: definitions.resolve,
    listVersions: definitions.listVersions,
    list: definitions.list,
    delete: definitions.delete,
    deleteVersion: definitions.deleteVersion,
    tryOut,

    /** What the latest version means; null for an unknown name. */
    async findMeaning(
      name: string,
      workspace: string,
    ): Promise<{ view: FeatureView; meaning: ViewMeaning } | null> {
      const found = await definitions.find(name, 'latest', workspace);
      return found && { view: present(found), meaning: found.meaning };
    },

    get: (input: { name: string; version: string }, caller: Caller): Promise<FeatureView> =>
      definitions.resolve(formatReference(input.name, input.version), caller.workspace),

    async put(
      input: FeatureViewDefinition & { readonly name: string },
      caller: Caller,
    ): Promise<FeatureView & { unchanged: boolean }> {
      const { name } = input;
      const tried = await tryOut(`feature view '${name}'`, input, { workspace: caller.workspace, rows: 0 });
      const uses = [
        // The versions it was tried on stand for their datasets: these cannot be deleted while the view reads them.
        ...tried.bound.versions.map(({ uri }) => ({
          uri,
          relation: 'feature-view',
          reason: 'feature view reads it',
        })),
        ...tried.entities.map(({ uri }) => ({ uri, relation: 'entity', reason: 'feature view is about it' })),
      ];
      return definitions.put(name, { meaning: tried.meaning, about: viewAbout(input), uses }, caller);
    },

    async preview(input: PreviewInput, caller: Caller, signal?: AbortSignal): Promise<PreviewReply> {
      const limit = input.limit ?? previewRows;
      const what = 'the feature view';
      const { meaning, bound, reply } = await tryOut(what, input, {
        workspace: caller.workspace,
        rows: limit,
        bindings: input.bindings,
        signal,
      });
      if (meaning.aggregations.length > 0)
        return namingSql(what, () => previewWindows(analytics, meaning, bound, limit, signal));
      return toPreview(reply.columns, reply.rows);
    },
  };
}

const viewAbout = (input: FeatureViewDefinition): ViewAbout => ({
  ...aboutOf(input),
  freshness: input.freshness === undefined ? null : formatDuration(durationMs(input.freshness)),
  online: input.online ?? {},
});

function present(definition: Definition<ViewMeaning, ViewAbout>): FeatureView {
  const { workspace, name, version, about, createdAt, createdBy } = definition;
  const { ttlMs, ...meaning } = definition.meaning;
  return {
    workspace,
    name,
    version,
    reference: formatReference(name, version),
    uri: toUri('view', name, version),
    ...about,
    inputs: [],
    ...meaning,
    ttl: ttlMs === null ? null : formatDuration(ttlMs),
    createdAt,
    createdBy,
  };
}

function entriesOf(definition: Definition<ViewMeaning, ViewAbout>): CatalogueEntry[] {
  const { name, meaning, about } = definition;
  const { features, entity, entities, datasets } = meaning;
  const common = [name, ...aboutWords(about), ...datasets];
  const view: CatalogueEntry = {
    kind: 'view',
    feature: '',
    title: name,
    words: [...common, ...entity, ...entities, ...features.map((feature) => feature.name)],
    shown: shownEntry(definition),
  };
  const each = features.map(
    (feature): CatalogueEntry => ({
      kind: 'feature',
      feature: feature.name,
      title: feature.name,
      words: [feature.name, ...common],
      shown: shownEntry(definition, feature.type),
    }),
  );
  return [view, ...each];
}

export type Views = ReturnType<typeof createViews>;
