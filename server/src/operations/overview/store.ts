import type { Overview } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';

export type StoredCounts = Omit<Overview['counts'], 'predictions' | 'outcomes' | 'fallbacks'>;

export const overviewStore = (db: Db) => ({
  /** How much of everything there is, in one question. */
  async count(workspace: string): Promise<StoredCounts> {
    const all = (table: 'dataset_versions' | 'model_versions' | 'loop_runs') =>
      db
        .selectFrom(table)
        .select((select) => select.fn.countAll<number>().as('count'))
        .where('workspace', '=', workspace);
    const kept = (table: 'runs' | 'endpoints') =>
      db
        .selectFrom(table)
        .select((select) => select.fn.countAll<number>().as('count'))
        .where('workspace', '=', workspace)
        .where('deleted_at', 'is', null);
    const openAlerts = db
      .selectFrom('alerts')
      .select((select) => select.fn.countAll<number>().as('count'))
      .where('workspace', '=', workspace)
      .where('state', '!=', 'resolved');
    const row = await db
      .selectNoFrom([
        all('dataset_versions').as('datasetVersions'),
        kept('runs').as('runs'),
        all('model_versions').as('modelVersions'),
        kept('endpoints').as('endpoints'),
        openAlerts.as('openAlerts'),
        all('loop_runs').as('loopRuns'),
      ])
      .executeTakeFirstOrThrow();
    return {
      datasetVersions: Number(row.datasetVersions),
      runs: Number(row.runs),
      modelVersions: Number(row.modelVersions),
      endpoints: Number(row.endpoints),
      openAlerts: Number(row.openAlerts),
      loopRuns: Number(row.loopRuns),
    };
  },
});
