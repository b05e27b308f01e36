import { type Db, transact } from '../../adapters/db/db.ts';
import { toUri } from '../../base/references.ts';
import type { Events } from '../../platform/events/service.ts';

/** Told again at every check while it lasts: a retraining that had to wait hears that it is still wanted. */
export async function tellBreached(
  { db, events }: { readonly db: Db; readonly events: Pick<Events, 'emit'> },
  workspace: string,
  endpoint: string,
  what: { monitors: string[]; eventTime: number },
): Promise<void> {
  const uri = toUri('endpoint', endpoint);
  const payload = { endpoint, ...what };
  await transact(db, (tx) =>
    events.emit(tx, {
      workspace,
      kind: 'monitor.breached',
      subject: uri,
      actor: 'system:monitoring',
      payload,
    }),
  );
}
