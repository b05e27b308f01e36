import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column, FeatureService, FeatureView, TrainingSetDefinition } from '@tidemill/contract';
import type { Analytics, QueryReply, SealedEngine } from '../../adapters/analytics/analytics.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import type { Caller } from '../../base/caller.ts';
import { durationMs } from '../../base/duration.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { type BoundSql, type Committed, createBinder, type Datasets } from '../datasets/service.ts';
import { countSteps, type Tell } from './builds.ts';
import { type GivenSelect, giveSelect, selectIntoFile } from './given-select.ts';
import { finishedRowsSql } from './label-join.ts';
import { type Counts, joinLabel } from './labelled-rows.ts';
import { addOnDemand } from './on-demand-rows.ts';
import { longestCell } from './preview-cells.ts';
import { assertJoinable, cleanSql } from './rules.ts';
import { namingSql } from './sql-failure.ts';
import {
  assertEntities,
  assertViews,
  entitiesOf,
  entitiesSql,
  eventTimeOf,
  labelOf,
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

interface Work {
  readonly folder: string;
  readonly signal: AbortSignal | undefined;
  next(step: string): void;
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
      entities: await binder.bind(entitiesOf(name), entitiesSql(definition.entities, cleanSql)),
      label: label ? await binder.bind(labelOf(name), cleanSql(label.sql)) : null,
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
    { folder, signal, next }: Work,
  ): Promise<{ path: string; counts: Counts }> {
    const file = (name: string) => join(folder, `${name}.parquet`);
    next('reading the entity rows');
    const entities = await namingSql(entitiesOf(made.definition.name), () =>
      selectIntoFile(analytics, made.bound.entities, file('entities'), signal),
    );
    assertEntities(made.definition, entities, made.views, made.service);
    next('reading the views');
    const given = await giveAll(made, { folder, signal });
    const path = file('finished');
    const tables = Object.assign(
      { _entities: { paths: [file('entities')] } },
      ...given.all.map((each) => each.tables),
    );
    const counts = await analytics.sealed({ tables, outputs: [path], signal }, async (engine) => {
      await engine.run(numberedRowsSql('_entities', eventTimeOf(made.definition)));
      if (made.definition.label) next('joining the label');
      const found = await joinLabel(engine, made, given.label, entities);
      for (const [i, taken] of made.views.entries()) {
        const [select, bound] = [given.views[i], made.bound.views[i]];
        next(`joining ${taken.view.reference}`);
        if (select && bound) await joinTaken(engine, made, taken, bound, select, entities);
      }
      const columns = [...entities, ...made.views.flatMap(columnsOf)].map(({ name }) => name);
      next('writing the rows');
      await engine.copy(finishedRowsSql(columns, made.definition.label?.column ?? null), path);
      return found;
    });
    return { path: await withOnDemand(made, path, { folder, signal, next }), counts };
  }

  async function withOnDemand(
    { definition, service }: Plan,
    path: string,
    { folder, signal, next }: Work,
  ): Promise<string> {
    const { compute } = deps;
    if (!service || service.onDemand.length === 0) return path;
    if (!compute) throw new Error('features on demand need worker threads');
    next('computing features on demand');
    const behind = definition.label ? [definition.label.column] : [];
    return addOnDemand({ analytics, compute, folder, signal }, service, path, behind);
  }

  async function giveAll({ definition, bound, views }: Plan, { folder, signal }: Omit<Work, 'next'>) {
    const give = (each: BoundSql, name: string) =>
      giveSelect(analytics, each, { name: `_${name}`, path: join(folder, `${name}.parquet`) }, signal);
    const { label: unread } = bound;
    const label = unread && (await namingSql(labelOf(definition.name), () => give(unread, 'label')));
    const given: GivenSelect[] = [];
    for (const [i, { view }] of views.entries()) {
      const each = bound.views[i];
      if (each) given.push(await asRunning(view, each, () => give(each, `view${i}`)));
    }
    return { label, views: given, all: [...given, ...(label ? [label] : [])] };
  }

  async function build(made: Plan, caller: Caller, work: Work): Promise<Committed> {
    const { path, counts } = await joinAll(made, work);
    work.next('making the version');
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
      tell?: Tell,
    ): Promise<Committed> {
      const service = await findService(definition, caller.workspace);
      const made = await plan(definition, service, caller);
      return inFolder((folder) => build(made, caller, { folder, signal, next: stepsOf(made, tell) }));
    },

    /** The rows that it would have, at most 1000; nothing is committed. */
    async preview(
      definition: TrainingSetDefinition,
      service: TakenService | null,
      caller: Caller,
      signal?: AbortSignal,
    ): Promise<QueryReply> {
      const made = await plan(definition, service, caller);
      return inFolder(async (folder) => {
        const { path } = await joinAll(made, { folder, signal, next: () => undefined });
        const tables = { _rows: { paths: [path] } };
        const sql = 'select * from _rows';
        return analytics.sandboxedQuery({ sql, tables, maxRows: 1000, maxCell: longestCell, signal });
      });
    },
  };
}

export type TrainingSets = ReturnType<typeof createTrainingSets>;

// Each view is joined; entity rows, views, rows and version are steps of every set.
const stepsOf = ({ definition, service, views }: Plan, tell: Tell | undefined): Work['next'] =>
  countSteps(4 + views.length + (definition.label ? 1 : 0) + (service?.onDemand.length ? 1 : 0), tell);

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
  const { aggregations, inputs } = view;
  await asRunning(view, bound, () =>
    aggregations.length > 0
      ? joinWindows(engine, { ...joined, aggregations, inputs }, select, rules)
      : joinView(engine, joined, select, rules),
  );
}

const ttlMsOf = ({ ttl }: FeatureView): number | null => (ttl === null ? null : durationMs(ttl));

/** What a view adds to the columns, in order. */
const columnsOf = ({ features, statusAs }: TakenView): { name: string }[] => [
  ...features.map(({ as }) => ({ name: as })),
  ...(statusAs === undefined ? [] : [{ name: statusAs }]),
];

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
