import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column, FeatureService, FeatureView, TrainingSetDefinition } from '@tidemill/contract';
import type { Analytics, QueryReply, SealedEngine } from '../../adapters/analytics/analytics.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import type { Caller } from '../../base/caller.ts';
import { durationMs } from '../../base/duration.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { quoteName } from '../../base/sql-text.ts';
import { type BoundSql, type Committed, createBinder, type Datasets } from '../datasets/service.ts';
import { type GivenSelect, giveSelect, namedColumns, selectIntoFile } from './given-select.ts';
import { countLabelledSql, finishedRowsSql, labelledRowsSql } from './label-join.ts';
import { addOnDemand } from './on-demand-rows.ts';
import { assertJoinable, cleanSql } from './rules.ts';
import {
  assertEntities,
  assertViews,
  entitiesSql,
  eventTimeOf,
  labelColumnsOf,
  readAsOf,
  type TakenService,
  type TakenView,
} from './training-set-rules.ts';
import { type JoinRules, joinView, numberedRowsSql } from './view-join.ts';
import { asPromised, asRunning } from './view-rows.ts';
import { joinWindows } from './window-join.ts';

export interface TrainingSetDependencies {
  readonly analytics: Analytics;
  readonly datasets: Pick<Datasets, 'resolve' | 'source' | 'commitParquet'>;
  readonly tempFolder: string;
  resolveView(reference: string, workspace: string): Promise<FeatureView>;
  /** Who builds training sets of views alone needs neither of these. */
  readonly compute?: Pick<Compute, 'compute'>;
  resolveService?(reference: string, workspace: string): Promise<FeatureService>;
}

interface Counts {
  readonly entities: number;
  readonly rows: number;
  readonly excluded: { readonly labelKnownLater: number; readonly labelMissing: number };
}

/** All that is to be joined, bound to versions of datasets. */
interface Plan {
  readonly definition: TrainingSetDefinition;
  readonly asOf: number | null;
  readonly service: TakenService | null;
  readonly views: readonly TakenView[];
  readonly bound: {
    readonly entities: BoundSql;
    readonly label: BoundSql | null;
    readonly views: BoundSql[];
  };
  readonly bindings: Record<string, string>;
}

/** Builds point-in-time correct training sets, view by view in one engine that may spill: memory does not grow with their number. */
export function createTrainingSets(deps: TrainingSetDependencies) {
  const { analytics, datasets } = deps;

  async function plan(
    definition: TrainingSetDefinition,
    service: TakenService | null,
    { workspace }: Caller,
  ): Promise<Plan> {
    const { name, label } = definition;
    const asOf = readAsOf(definition);
    const views = await takeViews(definition, service, workspace);
    assertViews(definition, views, service);
    const binder = createBinder(deps, workspace, definition.bindings);
    const bound = {
      entities: await binder.bind(`the entities of '${name}'`, entitiesSql(definition.entities, cleanSql)),
      label: label ? await binder.bind(`the label of '${name}'`, cleanSql(label.sql)) : null,
      views: await Promise.all(views.map(({ view }) => binder.bind(view.reference, view.sql))),
    };
    return { definition, asOf, service, views, bound, bindings: binder.resolved() };
  }

  async function findService(definition: TrainingSetDefinition, workspace: string) {
    const { name, service, views } = definition;
    const invalid = (reason: string) => errors.trainingSetInvalid({ name, reason });
    if ((service === undefined) === (views === undefined))
      throw invalid("it must say either 'views' or 'service', where its features come from");
    if (service === undefined) return null;
    if (!deps.resolveService) throw invalid(`the feature service '${service}' is not at hand here`);
    return deps.resolveService(service, workspace);
  }

  async function takeViews(
    { views = [], statuses }: TrainingSetDefinition,
    service: TakenService | null,
    workspace: string,
  ): Promise<TakenView[]> {
    const taken = service?.views ?? views.map((reference) => ({ reference, features: null }));
    return Promise.all(
      taken.map(async ({ reference, features }) => {
        const view = await deps.resolveView(reference, workspace);
        const all = view.features.map(({ name }) => ({ name, as: name }));
        return { view, features: features ?? all, statusAs: statuses ? `${view.name}__status` : undefined };
      }),
    );
  }

  /** The finished rows as a file in the folder. */
  async function joinAll(
    made: Plan,
    folder: string,
    signal: AbortSignal | undefined,
  ): Promise<{ path: string; counts: Counts }> {
    const file = (name: string) => join(folder, `${name}.parquet`);
    const entities = await selectIntoFile(analytics, made.bound.entities, file('entities'), signal);
    assertEntities(made.definition, entities, made.views, made.service);
    const given = await giveAll(made, folder, signal);
    const path = file('finished');
    const tables = Object.assign(
      { _entities: { paths: [file('entities')] } },
      ...given.all.map((each) => each.tables),
    );
    const counts = await analytics.sealed({ tables, outputs: [path], signal }, async (engine) => {
      await engine.run(numberedRowsSql('_entities', eventTimeOf(made.definition)));
      const found = await joinLabel(engine, made, given.label, entities);
      for (const [i, taken] of made.views.entries()) {
        const [select, bound] = [given.views[i], made.bound.views[i]];
        if (select && bound) await joinTaken(engine, made, taken, bound, select, entities);
      }
      const columns = [...entities, ...made.views.flatMap(columnsOf)].map(({ name }) => name);
      await engine.copy(finishedRowsSql(columns, made.definition.label?.column ?? null), path);
      return found;
    });
    return { path: await withOnDemand(made, path, folder, signal), counts };
  }

  async function withOnDemand(
    { definition, service }: Plan,
    path: string,
    folder: string,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { compute } = deps;
    if (!service || service.onDemand.length === 0) return path;
    if (!compute) throw new Error('features on demand need worker threads');
    const behind = definition.label ? [definition.label.column] : [];
    return addOnDemand({ analytics, compute, folder, signal }, service, path, behind);
  }

  async function giveAll({ bound, views }: Plan, folder: string, signal: AbortSignal | undefined) {
    const give = (each: BoundSql, name: string) =>
      giveSelect(analytics, each, { name: `_${name}`, path: join(folder, `${name}.parquet`) }, signal);
    const label = bound.label && (await give(bound.label, 'label'));
    const given: GivenSelect[] = [];
    for (const [i, { view }] of views.entries()) {
      const each = bound.views[i];
      if (each) given.push(await asRunning(view, each, () => give(each, `view${i}`)));
    }
    return { label, views: given, all: [...given, ...(label ? [label] : [])] };
  }

  async function build(made: Plan, caller: Caller, folder: string, signal?: AbortSignal): Promise<Committed> {
    const { path, counts } = await joinAll(made, folder, signal);
    const { entities, views, label } = made.bound;
    const { name, message = '' } = made.definition;
    return datasets.commitParquet(
      {
        name,
        path,
        message,
        provenance: {
          kind: 'training-set',
          inputs: inputsOf([entities, ...views, ...(label ? [label] : [])], made),
          detail: { definition: resolvedDefinition(made), counts },
        },
      },
      caller,
    );
  }

  async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const folder = join(deps.tempFolder, newId('trainingset'));
    await mkdir(folder, { recursive: true });
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  return {
    async create(
      definition: TrainingSetDefinition,
      caller: Caller,
      signal?: AbortSignal,
    ): Promise<Committed> {
      const service = await findService(definition, caller.workspace);
      const made = await plan(definition, service, caller);
      return inFolder((folder) => build(made, caller, folder, signal));
    },

    /** The rows that it would have, at most 1000; nothing is committed. */
    async preview(
      definition: TrainingSetDefinition,
      service: TakenService,
      caller: Caller,
      signal?: AbortSignal,
    ): Promise<QueryReply> {
      const made = await plan(definition, service, caller);
      return inFolder(async (folder) => {
        const { path } = await joinAll(made, folder, signal);
        const tables = { _rows: { paths: [path] } };
        return analytics.query({
          sql: 'select * from _rows',
          tables,
          maxRows: 1000,
          ...(signal && { signal }),
        });
      });
    },
  };
}

export type TrainingSets = ReturnType<typeof createTrainingSets>;

async function joinLabel(
  engine: SealedEngine,
  { definition, asOf, views }: Plan,
  given: GivenSelect | null,
  entityColumns: readonly Column[],
): Promise<Counts> {
  const entities = await countRows(engine, '_rows');
  let counts: Counts = { entities, rows: entities, excluded: { labelKnownLater: 0, labelMissing: 0 } };
  if (given) {
    const label = await engine.select(given.sql);
    const columns = labelColumnsOf(definition, label.columns, entityColumns, views);
    await engine.run(`create temp table _label as ${namedColumns(label)}`);
    const { rows } = await engine.query(countLabelledSql(columns));
    const labelled = Number(rows[0]?.n);
    await engine.run(`create temp table _labelled as ${labelledRowsSql(columns, asOf)}`);
    const kept = await countRows(engine, '_labelled');
    const excluded = { labelKnownLater: labelled - kept, labelMissing: entities - labelled };
    counts = { entities, rows: kept, excluded };
    for (const done of ['_rows', '_label']) await engine.run(`drop table ${done}`);
    await engine.run('alter table _labelled rename to _rows');
  }
  if (counts.rows > 0) return counts;
  throw errors.trainingSetInvalid({ name: definition.name, reason: emptyReason(counts) });
}

async function joinTaken(
  engine: SealedEngine,
  { definition, asOf }: Plan,
  { view, features, statusAs }: TakenView,
  bound: BoundSql,
  given: GivenSelect,
  entities: readonly Column[],
): Promise<void> {
  const { reference, entity, eventTime, createdTime } = view;
  const select = await asPromised(view, bound, () => engine.select(given.sql));
  const { columns } = select;
  assertJoinable(definition.name, entity, entities, { what: reference, columns });
  const joined = { keys: entity, eventTime, createdTime, ttlMs: ttlMsOf(view), features };
  const rules: JoinRules = { bitemporal: definition.bitemporal ?? true, asOf, statusAs };
  const { aggregations } = view;
  if (aggregations.length > 0) await joinWindows(engine, { ...joined, aggregations }, select, rules);
  else await joinView(engine, joined, select, rules);
}

const ttlMsOf = ({ ttl }: FeatureView): number | null => (ttl === null ? null : durationMs(ttl));

const countRows = async (engine: SealedEngine, table: string): Promise<number> =>
  Number((await engine.query(`select count(*) as n from ${quoteName(table)}`)).rows[0]?.n);

/** What a view adds to the columns, in order. */
const columnsOf = ({ features, statusAs }: TakenView): { name: string }[] => [
  ...features.map(({ as }) => ({ name: as })),
  ...(statusAs === undefined ? [] : [{ name: statusAs }]),
];

function emptyReason({ entities, excluded }: Counts): string {
  if (entities === 0) return 'the entities are no rows';
  return `none of its ${entities} entity rows has a known label (${excluded.labelKnownLater} known only after asOf, ${excluded.labelMissing} without one)`;
}

const inputsOf = (read: readonly BoundSql[], { views, service }: Plan): string[] => [
  ...new Set([
    ...read.flatMap(({ versions }) => versions.map(({ uri }) => uri)),
    ...views.map(({ view }) => view.uri),
    ...(service ? [`service:${service.reference}`] : []),
  ]),
];

/** The definition with every name pinned: building it again gives the same rows. */
const resolvedDefinition = ({ definition, service, views, bindings }: Plan): TrainingSetDefinition => ({
  ...definition,
  ...(service ? { service: service.reference } : { views: views.map(({ view }) => view.reference) }),
  bindings,
});
