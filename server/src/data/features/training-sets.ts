import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column, FeatureView, TrainingSetDefinition } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { type BoundSql, type Committed, createBinder, type Datasets } from '../datasets/service.ts';
import {
  countLabelledSql,
  finishedRowsSql,
  joinLabelSql,
  joinViewSql,
  type LabelColumns,
  labelColumn,
  numberedEntitiesSql,
  rowColumn,
  timeColumn,
} from './point-in-time-join.ts';
import { assertColumn, assertJoinable, assertTimeColumn, cleanSql } from './rules.ts';
import { writeViewRows } from './view-rows.ts';

export interface TrainingSetDependencies {
  readonly analytics: Analytics;
  readonly datasets: Pick<Datasets, 'resolve' | 'source' | 'commitParquet'>;
  readonly tempFolder: string;
  resolveView(reference: string, workspace: string): Promise<FeatureView>;
}

interface Table {
  readonly source: TableSource;
  readonly columns: readonly Column[];
  readonly rows: number;
}

interface Counts {
  readonly entities: number;
  readonly rows: number;
  readonly excluded: { readonly labelKnownLater: number; readonly labelMissing: number };
}

/** Builds point-in-time correct training sets; each step is a file, so memory does not grow with the number of views. */
export function createTrainingSets(deps: TrainingSetDependencies) {
  const { analytics, datasets } = deps;

  async function build(
    definition: TrainingSetDefinition,
    caller: Caller,
    folder: string,
  ): Promise<Committed> {
    const { name } = definition;
    const asOf = readAsOf(definition);
    const views = await resolveViews(definition, caller.workspace);
    const binder = createBinder(deps, caller.workspace, definition.bindings);
    const bound = {
      entities: await binder.bind(`the entities of '${name}'`, cleanSql(definition.entities)),
      label:
        definition.label && (await binder.bind(`the label of '${name}'`, cleanSql(definition.label.sql))),
      views: await Promise.all(views.map((view) => binder.bind(view.reference, view.sql))),
    };
    const bindings = binder.resolved();
    const steps = createSteps(analytics, folder);

    const entities = await steps.run(bound.entities);
    assertEntities(name, entities.columns, views);
    let rows = await steps.derive(numberedEntitiesSql(), { entities_: entities.source });
    let counts: Counts = unlabelled(entities.rows);
    if (definition.label && bound.label) {
      const label = await steps.run(bound.label);
      const columns = labelColumns(definition, label.columns, entities.columns, views);
      ({ rows, counts } = await withLabel(steps, rows, label, columns, asOf, entities.rows));
    }
    if (rows.rows === 0) throw errors.trainingSetInvalid({ name, reason: emptyReason(counts) });
    for (const [i, view] of views.entries())
      rows = await withView(name, steps, rows, view, bound.views[i], asOf);

    const hidden: string[] = [rowColumn, timeColumn, labelColumn];
    const columns = rows.columns.map((column) => column.name).filter((column) => !hidden.includes(column));
    const sql = finishedRowsSql(inOrder(columns, entities.columns), definition.label?.column ?? null);
    const finished = await steps.derivePath(sql, { rows_: rows.source });
    const read = [bound.entities, ...bound.views, ...(bound.label ? [bound.label] : [])];
    return datasets.commitParquet(
      {
        name,
        path: finished,
        message: definition.message ?? '',
        provenance: {
          kind: 'training-set',
          inputs: inputsOf(read, views),
          detail: { definition: resolvedDefinition(definition, views, bindings), counts },
        },
      },
      caller,
    );
  }

  async function resolveViews(definition: TrainingSetDefinition, workspace: string): Promise<FeatureView[]> {
    const views = await Promise.all(definition.views.map((each) => deps.resolveView(each, workspace)));
    assertNames(definition, views);
    return views;
  }

  return {
    async create(definition: TrainingSetDefinition, caller: Caller): Promise<Committed> {
      const folder = join(deps.tempFolder, newId('trainingset'));
      await mkdir(folder, { recursive: true });
      try {
        return await build(definition, caller, folder);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

type Steps = ReturnType<typeof createSteps>;

function createSteps(analytics: Analytics, folder: string) {
  let made = 0;
  const next = (): string => {
    made += 1;
    return join(folder, `step-${made}.parquet`);
  };
  return {
    /** A user's select, sealed. */
    async run({ sql, tables }: BoundSql): Promise<Table> {
      const to = next();
      const reply = await analytics.sandboxedCopy({ sql, tables, to });
      return { source: { paths: [to] }, ...reply };
    },
    async runView(view: FeatureView, bound: BoundSql): Promise<Table> {
      const to = next();
      const reply = await writeViewRows(analytics, view, bound, to);
      return { source: { paths: [to] }, ...reply };
    },
    async derive(sql: string, tables: Record<string, TableSource>): Promise<Table> {
      const to = next();
      const reply = await analytics.copy({ sql, tables, to });
      return { source: { paths: [to] }, ...reply };
    },
    async derivePath(sql: string, tables: Record<string, TableSource>): Promise<string> {
      const to = next();
      await analytics.copy({ sql, tables, to });
      return to;
    },
    async count(sql: string, tables: Record<string, TableSource>): Promise<number> {
      return Number((await analytics.query({ sql, tables })).rows[0]?.n ?? 0);
    },
  };
}

async function withLabel(
  steps: Steps,
  rows: Table,
  label: Table,
  columns: LabelColumns,
  asOf: number | null,
  entities: number,
): Promise<{ rows: Table; counts: Counts }> {
  const tables = { rows_: rows.source, label_: label.source };
  const labelled = await steps.count(countLabelledSql(columns), tables);
  const kept = await steps.derive(joinLabelSql(columns, asOf), tables);
  const excluded = { labelKnownLater: labelled - kept.rows, labelMissing: entities - labelled };
  return { rows: kept, counts: { entities, rows: kept.rows, excluded } };
}

async function withView(
  name: string,
  steps: Steps,
  rows: Table,
  view: FeatureView,
  bound: BoundSql | undefined,
  asOf: number | null,
): Promise<Table> {
  if (!bound) throw new Error(`the view ${view.reference} was not bound`);
  const values = await steps.runView(view, bound);
  assertJoinable(name, view.entity, rows.columns, { what: view.reference, columns: values.columns });
  return steps.derive(joinViewSql(view, view.features, asOf), { rows_: rows.source, view_: values.source });
}

const unlabelled = (entities: number): Counts => ({
  entities,
  rows: entities,
  excluded: { labelKnownLater: 0, labelMissing: 0 },
});

function emptyReason({ entities, excluded }: Counts): string {
  if (entities === 0) return 'the entities are no rows';
  return `none of its ${entities} entity rows has a known label (${excluded.labelKnownLater} known only after asOf, ${excluded.labelMissing} without one)`;
}

/** Milliseconds; a date alone is its first instant in UTC. */
function readAsOf({ name, asOf }: TrainingSetDefinition): number | null {
  if (asOf === undefined) return null;
  const time = Date.parse(asOf);
  if (!Number.isNaN(time)) return time;
  throw errors.trainingSetInvalid({
    name,
    reason: `asOf '${asOf}' is not an ISO time such as 2023-09-30T00:00:00Z`,
  });
}

function assertEntities(name: string, columns: readonly Column[], views: readonly FeatureView[]): void {
  const what = `the entities of '${name}'`;
  assertTimeColumn(what, columns, 'event_time');
  for (const view of views) for (const key of view.entity) assertColumn(what, columns, key);
  const taken = new Map(columns.map((column) => [column.name.toLowerCase(), 'the entities']));
  for (const own of [rowColumn, timeColumn, labelColumn]) taken.set(own, 'Tidemill itself');
  for (const { name: column } of columns)
    if (taken.get(column.toLowerCase()) === 'Tidemill itself')
      throw errors.trainingSetInvalid({
        name,
        reason: `the column name '${column}' is kept for our own use`,
      });
  for (const view of views)
    for (const feature of view.features) take(name, taken, feature.name, view.reference);
}

/** Two columns of one name would make one of them vanish. */
function take(name: string, taken: Map<string, string>, column: string, owner: string): void {
  const other = taken.get(column.toLowerCase());
  if (other !== undefined) {
    const reason = `'${column}' comes from ${other} and from ${owner}; rename it in one of them (select ... as ...)`;
    throw errors.trainingSetInvalid({ name, reason });
  }
  taken.set(column.toLowerCase(), owner);
}

function assertNames({ name, label }: TrainingSetDefinition, views: readonly FeatureView[]): void {
  const seen = new Set<string>();
  for (const view of views) {
    if (seen.has(view.name))
      throw errors.trainingSetInvalid({ name, reason: `it names the view '${view.name}' twice` });
    seen.add(view.name);
    const clash = view.features.find((feature) => feature.name.toLowerCase() === label?.column.toLowerCase());
    if (clash)
      throw errors.trainingSetInvalid({
        name,
        reason: `the label '${clash.name}' is also a feature of ${view.reference}`,
      });
  }
}

/** Labels are found by those of their columns that are keys of a view. */
function labelColumns(
  { name, label }: TrainingSetDefinition,
  columns: readonly Column[],
  entities: readonly Column[],
  views: readonly FeatureView[],
): LabelColumns {
  const what = `the label of '${name}'`;
  const column = label?.column ?? '';
  const knownAt = label?.knownAt ?? '';
  assertColumn(what, columns, column);
  assertTimeColumn(what, columns, knownAt);
  assertTimeColumn(what, columns, 'event_time');
  const entityKeys = new Set(views.flatMap((view) => view.entity));
  const keys = columns.map((each) => each.name).filter((each) => entityKeys.has(each) && each !== column);
  if (keys.length === 0) {
    const reason = `the label's SQL gives none of the keys ${[...entityKeys].join(', ')}`;
    throw errors.trainingSetInvalid({ name, reason });
  }
  if (entities.some((each) => each.name.toLowerCase() === column.toLowerCase()))
    throw errors.trainingSetInvalid({
      name,
      reason: `the label '${column}' is also a column of the entities`,
    });
  assertJoinable(name, keys, entities, { what, columns });
  return { keys, column, knownAt };
}

/** Entity columns first, as the user wrote them; then the features, view by view. */
function inOrder(columns: readonly string[], entities: readonly Column[]): string[] {
  const first = entities.map(({ name }) => name);
  return [...first, ...columns.filter((column) => !first.includes(column))];
}

const inputsOf = (read: readonly BoundSql[], views: readonly FeatureView[]): string[] => [
  ...new Set([
    ...read.flatMap(({ versions }) => versions.map(({ uri }) => uri)),
    ...views.map(({ uri }) => uri),
  ]),
];

/** The definition with every name pinned: building it again gives the same rows. */
const resolvedDefinition = (
  definition: TrainingSetDefinition,
  views: readonly FeatureView[],
  bindings: Record<string, string>,
): TrainingSetDefinition => ({ ...definition, views: views.map(({ reference }) => reference), bindings });
