import type { FeatureHealth } from '@tidemill/contract';
import { type Db, json, parseJson } from '../../../adapters/db/db.ts';

/** The last measurement of each version of a view, and the newest event that was pushed to it. */
export const healthStore = (db: Db) => ({
  async save(workspace: string, view: string, number: number, health: FeatureHealth): Promise<void> {
    const row = { measured_at: health.measuredAt, health: json(health) };
    await db
      .insertInto('feature_health')
      .values({ workspace, view, number, ...row })
      .onConflict((conflict) => conflict.columns(['workspace', 'view', 'number']).doUpdateSet(row))
      .execute();
  },

  async find(workspace: string, view: string, number: number): Promise<FeatureHealth | null> {
    const row = await db
      .selectFrom('feature_health')
      .select('health')
      .where('workspace', '=', workspace)
      .where('view', '=', view)
      .where('number', '=', number)
      .executeTakeFirst();
    return row ? parseJson<FeatureHealth>(row.health) : null;
  },

  async savePushed(workspace: string, view: string, number: number, eventTime: number): Promise<void> {
    await db
      .insertInto('feature_push_marks')
      .values({ workspace, view, number, event_time: eventTime })
      .onConflict((conflict) =>
        conflict
          .columns(['workspace', 'view', 'number'])
          .doUpdateSet({ event_time: eventTime })
          .where('feature_push_marks.event_time', '<', eventTime),
      )
      .execute();
  },

  async findPushed(workspace: string, view: string, number: number): Promise<number | null> {
    const row = await db
      .selectFrom('feature_push_marks')
      .select('event_time')
      .where('workspace', '=', workspace)
      .where('view', '=', view)
      .where('number', '=', number)
      .executeTakeFirst();
    return row?.event_time ?? null;
  },

  async forget(workspace: string, view: string, number?: number): Promise<void> {
    for (const table of ['feature_health', 'feature_push_marks'] as const) {
      const own = db.deleteFrom(table).where('workspace', '=', workspace).where('view', '=', view);
      await (number === undefined ? own : own.where('number', '=', number)).execute();
    }
  },
});
