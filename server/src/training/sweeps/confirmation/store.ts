import type { Confirmation } from '@tidemill/contract';
import { type Db, json, parseJson } from '../../../adapters/db/db.ts';
import type { ConfirmationRecord, Repeat } from './rules.ts';

/** Stands for no window: a key has no null. */
const noWindow = -1;

export const confirmationStore = (db: Db) => ({
  /** In place of an earlier one. */
  async replace(record: ConfirmationRecord, repeats: readonly Repeat[]): Promise<void> {
    const { sweepId } = record;
    await db.deleteFrom('sweep_repeats').where('sweep_id', '=', sweepId).execute();
    await db.deleteFrom('sweep_confirmations').where('sweep_id', '=', sweepId).execute();
    await db
      .insertInto('sweep_confirmations')
      .values({
        sweep_id: sweepId,
        definition: json(record.definition),
        status: record.status,
        choice: null,
        error: record.error,
        task_id: record.taskId,
        actor: record.actor,
        created_at: record.createdAt,
        ended_at: record.endedAt,
      })
      .execute();
    for (const repeat of repeats)
      await db
        .insertInto('sweep_repeats')
        .values({
          sweep_id: sweepId,
          number: repeat.number,
          seed: repeat.seed,
          window_index: repeat.window ?? noWindow,
          state: repeat.state,
          value: repeat.value,
          error: repeat.error,
          run_id: repeat.runId,
          job_id: repeat.jobId,
        })
        .execute();
  },

  async findChosen(sweepId: string): Promise<number | null> {
    return (await this.find(sweepId))?.choice?.chosen ?? null;
  },

  async find(sweepId: string): Promise<ConfirmationRecord | null> {
    const row = await db
      .selectFrom('sweep_confirmations')
      .selectAll()
      .where('sweep_id', '=', sweepId)
      .executeTakeFirst();
    if (!row) return null;
    return {
      sweepId,
      definition: parseJson(row.definition),
      status: row.status as Confirmation['state'],
      choice: row.choice === null ? null : parseJson(row.choice),
      error: row.error,
      taskId: row.task_id,
      actor: row.actor,
      createdAt: row.created_at,
      endedAt: row.ended_at,
    };
  },

  /** False when it had ended: whoever comes first tells the end. */
  async end(
    sweepId: string,
    end: Pick<ConfirmationRecord, 'status' | 'choice' | 'error' | 'endedAt'>,
  ): Promise<boolean> {
    const result = await db
      .updateTable('sweep_confirmations')
      .set({
        status: end.status,
        choice: end.choice && json(end.choice),
        error: end.error,
        ended_at: end.endedAt,
      })
      .where('sweep_id', '=', sweepId)
      .where('status', '=', 'running')
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  },

  async listRepeats(sweepId: string): Promise<Repeat[]> {
    const rows = await db
      .selectFrom('sweep_repeats')
      .selectAll()
      .where('sweep_id', '=', sweepId)
      .orderBy('seed')
      .orderBy('window_index')
      .orderBy('number')
      .execute();
    return rows.map((row) => ({
      number: row.number,
      seed: row.seed,
      window: row.window_index === noWindow ? null : row.window_index,
      state: row.state as Repeat['state'],
      value: row.value,
      error: row.error,
      runId: row.run_id,
      jobId: row.job_id,
    }));
  },

  async updateRepeat(
    sweepId: string,
    { number, seed, window }: Pick<Repeat, 'number' | 'seed' | 'window'>,
    change: Partial<Pick<Repeat, 'state' | 'value' | 'error' | 'runId' | 'jobId'>>,
  ): Promise<void> {
    await db
      .updateTable('sweep_repeats')
      .set({
        ...(change.state !== undefined && { state: change.state }),
        ...(change.value !== undefined && { value: change.value }),
        ...(change.error !== undefined && { error: change.error }),
        ...(change.runId !== undefined && { run_id: change.runId }),
        ...(change.jobId !== undefined && { job_id: change.jobId }),
      })
      .where('sweep_id', '=', sweepId)
      .where('number', '=', number)
      .where('seed', '=', seed)
      .where('window_index', '=', window ?? noWindow)
      .execute();
  },

  /** Those that had not begun. */
  async cancelWaiting(sweepId: string): Promise<void> {
    await db
      .updateTable('sweep_repeats')
      .set({ state: 'cancelled' })
      .where('sweep_id', '=', sweepId)
      .where('state', '=', 'waiting')
      .execute();
  },

  async findSweepOfJob(jobId: string): Promise<string | null> {
    const row = await db
      .selectFrom('sweep_repeats')
      .select('sweep_id')
      .where('job_id', '=', jobId)
      .executeTakeFirst();
    return row?.sweep_id ?? null;
  },
});
