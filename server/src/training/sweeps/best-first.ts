import type { Db } from '../../adapters/db/db.ts';

/** The best complete trial, in the order of the goal; among equals the earlier one. */
export const bestFirst = (db: Db, sweepId: string, order: 'asc' | 'desc') =>
  db
    .selectFrom('sweep_trials')
    .selectAll()
    .where('sweep_id', '=', sweepId)
    .where('state', '=', 'complete')
    .where('value', 'is not', null)
    .orderBy('value', order)
    .orderBy('number')
    .limit(1);
