import type { FeatureView, SubjectPlace } from '@tidemill/contract';
import { ErasureNotYet, type SubjectHolder, type SubjectKey } from '../../../access/erasures/service.ts';
import type { Db } from '../../../adapters/db/db.ts';
import type { OnlineStore } from '../../../adapters/online/online.ts';
import { systemCaller } from '../../../base/caller.ts';
import { materializationStore } from './materialization-store.ts';
import { onlineName } from './values.ts';

export interface SubjectErasureDependencies {
  readonly db: Db;
  readonly online: Pick<OnlineStore, 'count' | 'erase'>;
  readonly views: {
    list(
      page: { cursor?: string },
      caller: ReturnType<typeof systemCaller>,
    ): Promise<{ items: FeatureView[]; nextCursor: string | null }>;
    listVersions(
      page: { name: string; cursor?: string },
      caller: ReturnType<typeof systemCaller>,
    ): Promise<{ items: FeatureView[]; nextCursor: string | null }>;
  };
}

const fillingMs = 1_000;

/** Online values of the subject in every version of every view whose entity has the key's columns. */
export function createSubjectErasure({ db, online, views }: SubjectErasureDependencies): SubjectHolder {
  async function* pages<T>(
    read: (cursor: { cursor?: string }) => Promise<{ items: T[]; nextCursor: string | null }>,
  ): AsyncGenerator<T> {
    let cursor: string | null = null;
    do {
      const page: { items: T[]; nextCursor: string | null } = await read(cursor === null ? {} : { cursor });
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  async function* viewsOf(workspace: string, key: SubjectKey): AsyncGenerator<FeatureView> {
    const caller = systemCaller('erasure', workspace);
    for await (const { name } of pages((page) => views.list(page, caller)))
      for await (const view of pages((page) => views.listVersions({ name, ...page }, caller)))
        if (Object.keys(key).every((column) => view.entity.includes(column))) yield view;
  }

  return {
    name: 'online',
    // What fills the store afterwards finds no such rows any more.
    after: ['datasets'],

    async find(key, workspace) {
      const places: SubjectPlace[] = [];
      for await (const view of viewsOf(workspace, key)) {
        const rows = await online.count(onlineName(view), { entity: view.entity, key });
        if (rows > 0) places.push({ what: view.uri, rows });
      }
      return places;
    },

    async erase(work) {
      const { workspace } = work.caller;
      const filling: string[] = [];
      for await (const view of viewsOf(workspace, work.key)) {
        work.signal.throwIfAborted();
        const running = await materializationStore(db).listIn('running', workspace, view.name, view.version);
        if (running.length > 0) filling.push(view.reference);
        const rows = await online.erase(onlineName(view), { entity: view.entity, key: work.key });
        await work.tell(db, { what: view.uri, rows });
      }
      if (filling.length > 0)
        throw new ErasureNotYet(
          `${filling.join(', ')} is being filled, perhaps from rows read before; it is erased again afterwards`,
          fillingMs,
        );
      return {};
    },
  };
}
