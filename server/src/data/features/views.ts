import type { Column, FeatureView, FeatureViewDefinition, Page, Row } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Analytics, QueryReply } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { formatReference, parseReference, toUri } from '../../base/references.ts';
import { type Bindings, type BoundSql, createBinder, type Datasets } from '../datasets/service.ts';
import { cleanSql, featuresOf, isSameMeaning, meaningOf, type ViewMeaning } from './rules.ts';
import { viewStore } from './view-store.ts';

export interface ViewsDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly lineage: Lineage;
  readonly clock: Clock;
  readonly analytics: Analytics;
  readonly datasets: Datasets;
}

type PreviewInput = FeatureViewDefinition & { readonly limit?: number; readonly bindings?: Bindings };

const previewRows = 100;

/** Feature views as they are defined: versions of SQL over dataset versions with entity and time. */
export function createViews(deps: ViewsDependencies) {
  const { db, changes, lineage, clock, analytics } = deps;
  const store = viewStore(db);

  async function resolveView(reference: string, workspace: string): Promise<FeatureView> {
    const { name, version } = parseReference(reference);
    const number = Number(version);
    const found = Number.isInteger(number)
      ? await store.findVersion(workspace, name, Math.min(number, 2 ** 31 - 1))
      : version === 'latest'
        ? await store.findLatest(workspace, name)
        : null;
    return found ?? missing(name, version, workspace);
  }

  async function missing(name: string, version: string, workspace: string): Promise<never> {
    const latest = await store.findLatest(workspace, name);
    const reference = formatReference(name, version);
    if (latest)
      throw errors.featureViewVersionNotFound({ reference, known: `The latest is ${latest.reference}` });
    const names = await store.listNames(workspace);
    const known = names.length > 0 ? `There are ${names.join(', ')}` : 'None has been defined yet';
    throw errors.featureViewNotFound({ name, known });
  }

  /** Runs a definition once: what columns it gives, and some rows. */
  async function tryOut(
    what: string,
    meaning: ViewMeaning,
    options: { workspace: string; rows: number; bindings?: Bindings | undefined; signal?: AbortSignal },
  ): Promise<{ bound: BoundSql; reply: QueryReply; features: Column[] }> {
    const binder = createBinder(deps, options.workspace, options.bindings);
    const bound = await binder.bind(what, meaning.sql);
    binder.resolved();
    const reply = await analytics.sandboxedQuery({ ...bound, maxRows: options.rows, signal: options.signal });
    return { bound, reply, features: featuresOf(what, meaning, [...reply.columns]) };
  }

  async function put(
    input: FeatureViewDefinition & { name: string },
    caller: Caller,
  ): Promise<FeatureView & { unchanged: boolean }> {
    const { name, description = '' } = input;
    const { workspace } = caller;
    const meaning = meaningOf(input);
    const { bound, features } = await tryOut(`feature view '${name}'`, meaning, { workspace, rows: 1 });
    const now = clock.now();
    return changes.run(caller, async (tx, note) => {
      const inside = viewStore(tx);
      await inside.ensureView(workspace, name, now);
      const latest = await inside.findLatest(workspace, name);
      if (latest && isSameMeaning(latest, meaning)) {
        if (latest.description === description) return { ...latest, unchanged: true };
        await inside.describe(workspace, name, latest.version, description);
        note({ action: 'features.described', subject: latest.uri, detail: { description } });
        return { ...latest, description, unchanged: false };
      }
      const version = await inside.takeNumber(workspace, name, now);
      const view: FeatureView = {
        workspace,
        name,
        version,
        reference: formatReference(name, version),
        uri: toUri('view', name, version),
        description,
        ...meaning,
        entity: [...meaning.entity],
        features,
        datasets: [...bound.names],
        createdAt: now,
        createdBy: caller.actor,
      };
      await inside.insertVersion(view);
      await recordLineage(tx, view, bound);
      note({
        action: 'features.defined',
        subject: view.uri,
        detail: { reference: view.reference, datasets: view.datasets },
      });
      return { ...view, unchanged: false };
    });
  }

  /** The versions it was tried on stand for their datasets: these cannot be deleted while the view reads them. */
  async function recordLineage(tx: Db, view: FeatureView, { versions }: BoundSql): Promise<void> {
    const { workspace, uri } = view;
    await lineage.recordNode(tx, { workspace, uri, kind: 'view', digest: null, location: null });
    await lineage.recordEdges(
      tx,
      workspace,
      versions.map((version) => ({ from: version.uri, to: uri, relation: 'feature-view' })),
    );
    for (const version of versions)
      await lineage.hold(tx, {
        workspace,
        userUri: uri,
        usedUri: version.uri,
        reason: 'feature view reads it',
      });
  }

  return {
    put,
    resolveView,

    async list(
      input: { cursor?: string | undefined; limit?: number | undefined },
      caller: Caller,
    ): Promise<Page<FeatureView>> {
      const limit = input.limit ?? defaultPageSize;
      const after = input.cursor ? decodeCursor(input.cursor, isText) : undefined;
      return toPage(await store.list(caller.workspace, after, limit + 1), limit, ({ name }) => name);
    },

    get: (input: { name: string; version: string }, caller: Caller): Promise<FeatureView> =>
      resolveView(formatReference(input.name, input.version), caller.workspace),

    async preview(
      input: PreviewInput,
      caller: Caller,
      signal?: AbortSignal,
    ): Promise<{ columns: Column[]; rows: Row[] }> {
      const { reply } = await tryOut('the feature view', meaningOf({ ...input, sql: cleanSql(input.sql) }), {
        workspace: caller.workspace,
        rows: input.limit ?? previewRows,
        bindings: input.bindings,
        signal,
      });
      return { columns: [...reply.columns], rows: reply.rows.map((row) => ({ ...row })) };
    },
  };
}
