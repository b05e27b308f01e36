import type { Input, Ownership, ownersEndpoints, Page } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { parseUri, toUri } from '../../base/references.ts';
import type { Changes } from '../audit/service.ts';
import { createCallers } from './callers.ts';
import { ownerStore } from './store.ts';

export interface OwnersDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly changes: Changes;
  /** By kind of uri: what has an owner. Gives its uri, or fails as its domain does. */
  readonly subjects: Readonly<Record<string, (name: string, caller: Caller) => Promise<string>>>;
}

type Contract = typeof ownersEndpoints;

const shownCallers = 200;

/** Who answers for models and endpoints, and who relies on them: as they say, and as they were seen to call. */
export function createOwners({ db, clock, logger, changes, subjects }: OwnersDependencies) {
  const callers = createCallers({ db, clock, logger });

  async function resolve(uri: string, caller: Caller): Promise<string> {
    const { kind, reference } = parseUri(uri);
    const known = Object.hasOwn(subjects, kind) ? subjects[kind] : undefined;
    if (!known) throw errors.ownerSubjectInvalid({ subject: uri });
    return known(reference, caller);
  }

  const find = async (workspace: string, subject: string): Promise<Ownership> =>
    (await ownerStore(db).find(workspace, subject)) ?? nobody(subject);

  return {
    start: callers.start,
    stop: callers.stop,
    noteCall: callers.note,

    /** Null where nobody was named. */
    ownerOf: async (workspace: string, subject: string): Promise<string | null> =>
      (await find(workspace, subject)).owner,

    async list(input: Input<Contract['list']>, { workspace }: Caller): Promise<Page<Ownership>> {
      const { cursor, limit = defaultPageSize, ...filter } = input;
      const after = cursor === undefined ? undefined : decodeCursor(cursor, isText);
      const rows = await ownerStore(db).list(workspace, filter, { after, limit: limit + 1 });
      return toPage(rows, limit, ({ subject }) => subject);
    },

    /** @throws ownerSubjectInvalid, and what says that the thing is not there */
    async get(input: Input<Contract['get']>, caller: Caller) {
      const { workspace } = caller;
      const subject = await resolve(input.subject, caller);
      await callers.flush();
      const { kind, reference } = parseUri(subject);
      const seen = kind === 'endpoint' ? ownerStore(db).listCallers(workspace, reference, shownCallers) : [];
      return { ...(await find(workspace, subject)), callers: await seen };
    },

    /** @throws ownerChanged when somebody wrote since */
    async put({ since, ...input }: Input<Contract['put']>, caller: Caller): Promise<Ownership> {
      const { workspace, actor } = caller;
      const subject = await resolve(input.subject, caller);
      return changes.run(caller, async (tx, record) => {
        const store = ownerStore(tx);
        await store.lock(workspace, subject);
        const before = (await store.find(workspace, subject)) ?? nobody(subject);
        if (since !== undefined && since !== before.updatedAt)
          throw errors.ownerChanged({ subject, by: before.updatedBy ?? 'nobody' });
        const owner = input.owner === undefined ? before.owner : input.owner;
        const consumers = input.consumers ? [...new Set(input.consumers)] : before.consumers;
        if (owner === before.owner && consumers.join('\n') === before.consumers.join('\n')) return before;
        // Two changes within one millisecond are told apart by it.
        const updatedAt = Math.max(clock.now(), (before.updatedAt ?? 0) + 1);
        const after = { subject, owner, consumers, updatedAt, updatedBy: actor };
        await store.save(workspace, after, updatedAt, actor);
        const was = { owner: before.owner, consumers: before.consumers };
        record({ action: 'owner.changed', subject, detail: { owner, consumers, was } });
        return after;
      });
    },

    /** A renamed model keeps its owner. */
    renameIn: (tx: Db, workspace: string, name: string, to: string): Promise<void> =>
      ownerStore(tx).rename(workspace, toUri('model', name), toUri('model', to)),
  };
}

export type Owners = ReturnType<typeof createOwners>;

const nobody = (subject: string): Ownership => ({
  ...{ subject, owner: null, consumers: [], updatedAt: null, updatedBy: null },
});
