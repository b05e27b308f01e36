import { type Db, type Tx, transact } from '../../adapters/db/db.ts';
import { errors } from '../../base/errors.ts';
import { assertActive, type RunState } from './rules.ts';
import { runStore } from './run-store.ts';

/** Gives the function that writes in one transaction, once the run is known to take it. @throws runNotFound, runNotActive */
export const createRunWriter =
  (db: Db) =>
  (id: string, workspace: string, write: (tx: Tx, run: RunState) => Promise<void>): Promise<void> =>
    transact(db, async (tx) => {
      const run = await runStore(tx).findState(workspace, id);
      if (!run) throw errors.runNotFound({ run: id });
      assertActive(run);
      await write(tx, run);
    });
