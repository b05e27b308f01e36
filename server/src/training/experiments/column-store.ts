/** Runs with a few of their values: what a wide run holds besides is not read. */
import type { Db } from '../../adapters/db/db.ts';
import type { Subject } from '../../base/search/grammar.ts';
import { listLocations } from './logged-models/location-store.ts';
import { groupByRun, inPortions } from './portions.ts';
import type { MetricValue, RunRecord } from './rules.ts';
import { runModelStore } from './run-model-store.ts';
import { type RunRow, runStore, toState } from './run-store.ts';

export const columnStore = (db: Db) => {
  const listTexts = (table: 'run_parameters' | 'run_tags', ids: readonly string[], keys: readonly string[]) =>
    inPortions(keys.length > 0 ? ids : [], (portion) =>
      db
        .selectFrom(table)
        .select(['run_id', 'key', 'value'])
        .where('run_id', 'in', portion)
        .where('key', 'in', keys)
        .execute(),
    );

  const listMetrics = (ids: readonly string[], keys: readonly string[]) =>
    inPortions(keys.length > 0 ? ids : [], (portion) =>
      db
        .selectFrom('run_metrics')
        .select(['run_id', 'key', 'value', 'is_nan', 'recorded_at', 'step', 'minimum', 'maximum'])
        .where('run_id', 'in', portion)
        .where('key', 'in', keys)
        .execute(),
    );

  return {
    async toRecords(
      rows: readonly RunRow[],
      columns: readonly Subject[],
      hasInputs: boolean,
    ): Promise<RunRecord[]> {
      const ids = rows.map(({ id }) => id);
      const keysOf = (entity: Subject['entity']) => [
        ...new Set(columns.filter((column) => column.entity === entity).map(({ key }) => key)),
      ];
      const parameters = groupByRun(await listTexts('run_parameters', ids, keysOf('parameter')), toKeyValue);
      const tags = groupByRun(await listTexts('run_tags', ids, keysOf('tag')), toKeyValue);
      const metrics = groupByRun(await listMetrics(ids, keysOf('metric')), (row) => toMetrics(row, columns));
      const inputs = hasInputs ? await runStore(db).listInputs(ids) : undefined;
      const models = hasInputs ? await runModelStore(db).list(ids) : undefined;
      const locate = await listLocations(db, rows);
      return rows.map((row) => ({
        ...toState(row),
        artifactLocation: locate(row),
        parameters: parameters.get(row.id) ?? [],
        metrics: metrics.get(row.id)?.flat() ?? [],
        tags: tags.get(row.id) ?? [],
        inputs: inputs?.get(row.id) ?? [],
        ...(models?.get(row.id) ?? noModels),
      }));
    },
  };
};

const noModels = { modelInputs: [], modelOutputs: [] } as const;

interface SeriesRow {
  readonly key: string;
  readonly value: number;
  readonly is_nan: number;
  readonly recorded_at: number;
  readonly step: number;
  readonly minimum: number | null;
  readonly maximum: number | null;
}

const words = { minimum: 'min', maximum: 'max' } as const;

/** One value per column of this series: `loss`, `min(loss)`. No metric's own name can hold a bracket. */
function toMetrics(row: SeriesRow, columns: readonly Subject[]): MetricValue[] {
  const { recorded_at: timestamp, step } = row;
  const own = columns.filter(({ entity, key }) => entity === 'metric' && key === row.key);
  return own.map(({ extreme }) =>
    extreme
      ? { key: `${words[extreme]}(${row.key})`, value: row[extreme] ?? Number.NaN, timestamp, step }
      : { key: row.key, value: row.is_nan ? Number.NaN : row.value, timestamp, step },
  );
}

const toKeyValue = ({ key, value }: { key: string; value: string }) => ({ key, value });
