import type { Selectable } from 'kysely';
import type { Db } from '../../adapters/db/db.ts';
import type { PredictionSegmentsTable } from '../../adapters/db/tables/predictions.ts';
import type { LogSettings, SegmentKind } from './rules.ts';

/** A segment that became Parquet: which endpoint and day it belongs to, and where its bytes are. */
export interface SealedSegment {
  readonly id: string;
  readonly workspace: string;
  readonly endpoint: string;
  readonly kind: SegmentKind;
  readonly day: string;
  readonly sha256: string;
  readonly rows: number;
  /** Fallback answers among predictions, outcomes given by prediction id among outcomes. */
  readonly marked: number;
  readonly sealedAt: number;
}

/** Another server has merged or removed them. */
export class SegmentsGone extends Error {
  override readonly name = 'SegmentsGone';
}

export const segmentStore = (db: Db) => ({
  async insert(segment: SealedSegment): Promise<void> {
    await db
      .insertInto('prediction_segments')
      .values({
        id: segment.id,
        workspace: segment.workspace,
        endpoint: segment.endpoint,
        kind: segment.kind,
        day: segment.day,
        sha256: segment.sha256,
        row_count: segment.rows,
        marked_count: segment.marked,
        sealed_at: segment.sealedAt,
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  },

  /** The same segment without some of its rows. False where it was replaced meanwhile. */
  async replace(
    id: string,
    old: string,
    { sha256, rows, marked }: Pick<SealedSegment, 'sha256' | 'rows' | 'marked'>,
  ) {
    const found = await db
      .updateTable('prediction_segments')
      .set({ sha256, row_count: rows, marked_count: marked })
      .where('id', '=', id)
      .where('sha256', '=', old)
      .returning('id')
      .execute();
    return found.length > 0;
  },

  /** One segment in the place of several. @throws SegmentsGone where any of these is gone meanwhile: the transaction must not commit */
  async merge(old: readonly string[], fresh: SealedSegment): Promise<void> {
    const gone = await db.deleteFrom('prediction_segments').where('id', 'in', old).returning('id').execute();
    if (gone.length !== old.length) throw new SegmentsGone();
    await this.insert(fresh);
  },

  async remove(ids: readonly string[]): Promise<void> {
    await db.deleteFrom('prediction_segments').where('id', 'in', ids).execute();
  },

  async listSettings(): Promise<(LogSettings & { workspace: string; endpoint: string })[]> {
    const rows = await db.selectFrom('prediction_log_settings').selectAll().execute();
    return rows.map(({ workspace, endpoint, retention_days: retentionDays, redactions }) => ({
      ...{ workspace, endpoint, retentionDays },
      redact: JSON.parse(redactions) as LogSettings['redact'],
    }));
  },

  async saveSettings(
    key: { readonly workspace: string; readonly endpoint: string },
    { retentionDays, redact }: LogSettings,
    { at, by }: { readonly at: number; readonly by: string },
  ): Promise<void> {
    const values = {
      retention_days: retentionDays,
      redactions: JSON.stringify(redact),
      updated_at: at,
      updated_by: by,
    };
    await db
      .insertInto('prediction_log_settings')
      .values({ ...key, ...values })
      .onConflict((conflict) => conflict.columns(['workspace', 'endpoint']).doUpdateSet(values))
      .execute();
  },

  async usedBlobs(ids: readonly string[]): Promise<string[]> {
    const rows = await db
      .selectFrom('prediction_segments')
      .select('sha256')
      .where('sha256', 'in', ids)
      .execute();
    return rows.map(({ sha256 }) => sha256);
  },

  async listAll(): Promise<SealedSegment[]> {
    const rows = await db.selectFrom('prediction_segments').selectAll().orderBy('id').execute();
    return rows.map(toSegment);
  },
});

const toSegment = (row: Selectable<PredictionSegmentsTable>): SealedSegment => ({
  id: row.id,
  workspace: row.workspace,
  endpoint: row.endpoint,
  kind: row.kind === 'outcomes' ? 'outcomes' : 'predictions',
  day: row.day,
  sha256: row.sha256,
  rows: row.row_count,
  marked: row.marked_count,
  sealedAt: row.sealed_at,
});
