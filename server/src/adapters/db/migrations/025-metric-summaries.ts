import { epoch, required } from '../columns.ts';
import type { Migration } from '../migrate.ts';

/** Long histories in short: one row per few thousand points of a series, in the order of `metric_points`. */
export const migration: Migration = {
  name: '025-metric-summaries',
  async up(db) {
    await db.schema
      .createTable('metric_summaries')
      .addColumn('series_id', 'bigint', required)
      .addColumn('last_at', epoch, required)
      .addColumn('last_step', 'bigint', required)
      .addColumn('last_value', 'double precision', required)
      .addColumn('last_is_nan', 'integer', required)
      .addColumn('points', 'bigint', required)
      .addColumn('lowest_step', 'bigint', required)
      .addColumn('highest_step', 'bigint', required)
      .addColumn('summary', 'text', required)
      .addPrimaryKeyConstraint('metric_summaries_key', [
        'series_id',
        'last_at',
        'last_step',
        'last_value',
        'last_is_nan',
      ])
      .execute();
  },
};
