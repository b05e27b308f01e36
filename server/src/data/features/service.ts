import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  Column,
  FeatureView,
  FeatureViewDefinition,
  Page,
  Row,
  TrainingSetDefinition,
} from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Analytics, QueryReply } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { OnlineStore, OnlineValues } from '../../adapters/online/online.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { formatReference, parseReference, toUri } from '../../base/references.ts';
import { type Bindings, type BoundSql, createBinder, type Datasets } from '../datasets/service.ts';
import { newestRowsSql } from './point-in-time-join.ts';
import {
  cleanSql,
  entityKey,
  featuresOf,
  isSameMeaning,
  meaningOf,
  onlineName,
  type ViewMeaning,
} from './rules.ts';
import { featureStore } from './store.ts';
import { createTrainingSets } from './training-sets.ts';

export { createTrainingSets } from './training-sets.ts';

export interface FeaturesDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly lineage: Lineage;
  readonly clock: Clock;
  readonly analytics: Analytics;
  readonly online: OnlineStore;
  readonly datasets: Datasets;
  readonly tempFolder: string;
}

interface Materialized {
  view: string;
  entities: number;
  written: number;
  newestEventTime: number | null;
  bindings: Record<string, string>;
}

type PreviewInput = FeatureViewDefinition & { readonly limit?: number; readonly bindings?: Bindings };

const previewRows = 100;
/** Rows held as objects at once while the online store is filled. */
const slice = 5_000;

/** Feature views: SQL over dataset versions with entity and time; online values and training sets come from them. */
export function createFeatures(deps: FeaturesDependencies) {
  const { db, changes, lineage, clock, analytics, online, tempFolder } = deps;
  const store = featureStore(db);

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
      const inside = featureStore(tx);
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

  async function materialize(
    input: { name: string; version: string; bindings?: Bindings },
    caller: Caller,
  ): Promise<Materialized> {
    const view = await resolveView(formatReference(input.name, input.version), caller.workspace);
    const binder = createBinder(deps, caller.workspace, input.bindings);
    const bound = await binder.bind(view.reference, view.sql);
    const bindings = binder.resolved();
    const folder = join(tempFolder, newId('materialize'));
    await mkdir(folder, { recursive: true });
    try {
      const counts = await fillOnline(view, bound, folder);
      const reply: Materialized = { view: view.reference, ...counts, bindings };
      await changes.run(caller, async (_tx, note) =>
        note({ action: 'features.materialized', subject: view.uri, detail: { ...reply } }),
      );
      return reply;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function fillOnline(view: FeatureView, bound: BoundSql, folder: string) {
    const values = join(folder, 'values.parquet');
    const names = view.features.map((feature) => feature.name);
    const given = await analytics.sandboxedCopy({ ...bound, to: values });
    featuresOf(view.reference, view, [...given.columns]);
    const counts = { entities: 0, written: 0, newestEventTime: null as number | null };
    for await (const page of newestRows(newestRowsSql(view, names), values, join(folder, 'newest.parquet'))) {
      const rows = page.map((row) => ({
        key: entityKey(view.entity, row),
        eventTime: Number(row.tm__event_ms),
        values: Object.fromEntries(names.map((name) => [name, row[name] ?? null])),
      }));
      counts.entities += rows.length;
      counts.written += (await online.write(onlineName(view), rows)).written;
      for (const { eventTime } of rows)
        counts.newestEventTime = Math.max(counts.newestEventTime ?? eventTime, eventTime);
    }
    return counts;
  }

  /** Few entities come straight from the query; more than one slice goes through a file, so that none is held whole. */
  async function* newestRows(
    sql: string,
    values: string,
    newest: string,
  ): AsyncGenerator<QueryReply['rows']> {
    const first = await analytics.query({ sql, tables: { view_: { paths: [values] } }, maxRows: slice });
    if (!first.truncated) return yield first.rows;
    const { rows } = await analytics.copy({ sql, tables: { view_: { paths: [values] } }, to: newest });
    for (let start = 0; start < rows; start += slice) {
      const page = await analytics.query({
        sql: `select * from newest_ limit ${slice} offset ${start}`,
        tables: { newest_: { paths: [newest] } },
      });
      yield page.rows;
    }
  }

  /** For the prediction path: nothing but the online store. A value's age is the caller's to judge (`eventTime`). */
  const readOnline = (view: FeatureView, keys: readonly string[]): Promise<(OnlineValues | null)[]> =>
    online.read(onlineName(view), keys);

  const trainingSets = createTrainingSets({ ...deps, resolveView });

  return {
    put,
    resolveView,
    entityKey,
    readOnline,
    materialize,

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

    async lookup(input: { name: string; version: string; entities: Row[] }, caller: Caller) {
      const view = await resolveView(formatReference(input.name, input.version), caller.workspace);
      const found = await readOnline(
        view,
        input.entities.map((entity) => entityKey(view.entity, entity)),
      );
      return {
        rows: found.map((row) => (row ? { eventTime: row.eventTime, values: { ...row.values } } : null)),
      };
    },

    createTrainingSet: (definition: TrainingSetDefinition, caller: Caller) =>
      trainingSets.create(definition, caller),
  };
}

export type Features = ReturnType<typeof createFeatures>;
