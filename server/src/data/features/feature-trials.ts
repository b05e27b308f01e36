/** Feature code on rows that are brought along: the same code that builds training sets, on tables that are nowhere. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Column, DatasetVersion, FeatureService, FeatureView, Row } from '@tidemill/contract';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { parseReference } from '../../base/references.ts';
import { createBinder, type Datasets } from '../datasets/service.ts';
import { onDemandInputs } from './catalogue/service-members.ts';
import { createOnDemand } from './on-demand.ts';
import { createTrainingSets } from './training-sets.ts';
import { asRunning } from './view-rows.ts';

export interface FeatureTrialDependencies {
  readonly analytics: Analytics;
  readonly compute: Pick<Compute, 'compute'>;
  readonly datasets: Pick<Datasets, 'resolve'>;
  readonly tempFolder: string;
  resolveView(reference: string, workspace: string): Promise<FeatureView>;
  readonly services: { resolve(reference: string, workspace: string): Promise<FeatureService> };
}

/** The rows of each dataset by name, and who is asked about. */
export interface Given {
  readonly given: Readonly<Record<string, readonly Row[]>>;
  readonly entities?: readonly Row[] | undefined;
  readonly service?: string | undefined;
  readonly view?: string | undefined;
}

const entitiesName = 'given-entities';

export function createFeatureTrials(deps: FeatureTrialDependencies) {
  const { analytics, tempFolder } = deps;

  /** A file with the rows, typed as the newest version of the dataset is. */
  async function writeRows(
    folder: string,
    name: string,
    rows: readonly Row[],
    known: readonly Column[] | null,
  ): Promise<string> {
    const names = known?.map((column) => column.name) ?? [
      ...new Set(rows.flatMap((row) => Object.keys(row))),
    ];
    const unknown = rows.flatMap((row) => Object.keys(row)).find((key) => !names.includes(key));
    if (unknown !== undefined)
      throw errors.datasetColumnNotFound({ reference: name, column: unknown, known: names.join(', ') });
    const whole = rows.map((row) => Object.fromEntries(names.map((column) => [column, row[column] ?? null])));
    const path = join(folder, `${name}.ndjson`);
    const to = join(folder, `${name}.parquet`);
    await writeFile(path, whole.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const types = known && Object.fromEntries(known.map((column) => [column.name, column.type]));
    await analytics.importFile({
      path,
      label: `rows of ${name}`,
      format: 'ndjson',
      to,
      ...(types && { types }),
    });
    return to;
  }

  /** Datasets as the code asks for them, made of the rows. */
  function tablesOf(folder: string, { given, entities }: Given, workspace: string) {
    const files = new Map<string, Promise<string>>();
    const rowsOf = (name: string): readonly Row[] | undefined =>
      name === entitiesName ? entities : given[name];
    return {
      async resolve(reference: string): Promise<DatasetVersion> {
        const { name } = parseReference(reference);
        if (name === entitiesName) return { reference: name, dataset: name, columns: [] } as never;
        const version = await deps.datasets.resolve(`${name}@latest`, workspace);
        if (rowsOf(name)) return version;
        const known = Object.keys(given).join(', ') || 'none';
        const reason = `the code reads '${name}', of which no rows are given (given are rows of ${known})`;
        throw errors.bindingInvalid({ name, reason });
      },
      async source({ dataset, columns }: DatasetVersion) {
        const rows = rowsOf(dataset) ?? [];
        const typed = dataset === entitiesName ? null : columns;
        if (rows.length === 0) return { paths: [], columns: [...columns] };
        const file = files.get(dataset) ?? writeRows(folder, dataset, rows, typed);
        files.set(dataset, file);
        return { paths: [await file] };
      },
      commitParquet: () => Promise.reject(new Error('a trial commits nothing')),
    };
  }

  async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const folder = join(tempFolder, newId('featuretrial'));
    await mkdir(folder, { recursive: true });
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  return {
    /** Features on demand of a service for one row of what they read. @throws featureDefinitionInvalid */
    async tryOnDemand(reference: string, row: Row, workspace: string): Promise<Row> {
      const service = await deps.services.resolve(reference, workspace);
      const inputs = onDemandInputs(service);
      const names = inputs.map(({ name }) => name);
      const unknown = Object.keys(row).find((key) => !names.includes(key));
      if (unknown !== undefined) {
        const what = `The row for ${service.reference}`;
        const reason = `it has '${unknown}', which its features on demand cannot read; they read ${names.join(', ')}`;
        throw errors.featureDefinitionInvalid({ what, reason });
      }
      return createOnDemand(service.onDemand, inputs).evaluate(row);
    },

    /** Features of a service or a view for the entities, in their order; without entities the rows of the view. */
    tryFeatures(trial: Given, caller: Caller, signal?: AbortSignal): Promise<readonly Row[]> {
      const { workspace } = caller;
      return inFolder(async (folder) => {
        const datasets = tablesOf(folder, trial, workspace);
        if (trial.view !== undefined && trial.entities === undefined) {
          const view = await deps.resolveView(trial.view, workspace);
          const bound = await createBinder({ analytics, datasets }, workspace).bind(view.reference, view.sql);
          const { sql, tables } = bound;
          const reply = await asRunning(view, bound, () =>
            analytics.sandboxedQuery({ sql, tables, maxRows: 1000, ...(signal && { signal }) }),
          );
          return reply.rows;
        }
        const resolveService = deps.services.resolve;
        const sets = createTrainingSets({ ...deps, datasets, tempFolder: folder, resolveService });
        const service = trial.service === undefined ? null : await resolveService(trial.service, workspace);
        const definition = {
          name: 'trial',
          entities: `select * from "${entitiesName}"`,
          ...(trial.view !== undefined && { views: [trial.view] }),
          bitemporal: false,
        };
        return (await sets.preview(definition, service, caller, signal)).rows;
      });
    },
  };
}
