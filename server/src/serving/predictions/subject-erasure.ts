import type { SubjectPlace } from '@tidemill/contract';
import type { SubjectHolder, SubjectKey } from '../../access/erasures/service.ts';
import { type Db, transact } from '../../adapters/db/db.ts';
import { toUri } from '../../base/references.ts';
import { quoteText } from '../../base/sql-text.ts';
import { isOfSubject, subjectJsonSql } from '../../base/subject.ts';
import type { EndpointLog } from './endpoint-log.ts';
import { segmentStore } from './store.ts';

export interface RevisionEntity {
  readonly entity: readonly string[];
  readonly revisions: readonly number[];
}

export interface SubjectErasureDependencies {
  readonly db: Db;
  readonly entitiesOf: (endpoint: string, workspace: string) => Promise<readonly RevisionEntity[]>;
  logsOf(workspace: string): AsyncIterable<{ readonly endpoint: string; readonly log: EndpointLog }>;
  /** While nothing is sealed. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

/** JSON pointers: a name may hold anything. */
const pointer = (part: string | number): string =>
  quoteText(`/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`);

/** Where a revision's predictions have the columns: in the key, else among what the model saw. */
function conditionOf({ entity, revisions }: RevisionEntity, key: SubjectKey): string {
  const parts = new Map(
    Object.keys(key).map((name) => {
      const at = entity.indexOf(name);
      return [name, at === -1 ? `json_extract(features, ${pointer(name)})` : keyPart(at)];
    }),
  );
  return `("revision" in (${revisions.join(', ')}) and ${subjectJsonSql(parts, key) ?? 'false'})`;
}

const keyPart = (at: number): string => `json_extract("key", ${pointer(at)})`;

/** Predictions about a subject, or made of what is its, and what became of them. */
export function createSubjectErasure(deps: SubjectErasureDependencies): SubjectHolder {
  async function conditions(endpoint: string, key: SubjectKey, workspace: string) {
    const entities = await deps.entitiesOf(endpoint, workspace);
    const [newest] = entities;
    const entity = newest?.entity ?? [];
    const parts = new Map(entity.map((name, at) => [name, keyPart(at)]));
    return {
      condition: entities.map((each) => conditionOf(each, key)).join(' or ') || 'false',
      outcomeKeys: subjectJsonSql(parts, key) ?? 'false',
      isOfSubject: (spelled: string) => isOfSubject(entity, spelled, key),
    };
  }

  return {
    name: 'predictions',

    async find(key, workspace) {
      const places: SubjectPlace[] = [];
      for await (const { endpoint, log } of deps.logsOf(workspace)) {
        const { condition } = await conditions(endpoint, key, workspace);
        const rows = await log.count(condition);
        if (rows > 0) places.push({ what: toUri('endpoint', endpoint), rows });
      }
      return places;
    },

    async erase(work) {
      const { workspace } = work.caller;
      for await (const { endpoint, log } of deps.logsOf(workspace)) {
        work.signal.throwIfAborted();
        const found = await conditions(endpoint, work.key, workspace);
        await deps.alone(() =>
          log.erase({
            ...found,
            replace: (old, fresh, rows) =>
              transact(deps.db, async (tx) => {
                if (!(await segmentStore(tx).replace(fresh.id, old.sha256, fresh)))
                  throw new Error(`the segment ${fresh.id} was replaced by another server`);
                await work.doom(tx, [old.sha256]);
                const what = toUri('endpoint', endpoint);
                await work.tell(tx, { what: old.kind === 'outcomes' ? `${what}/outcomes` : what, rows });
              }),
          }),
        );
      }
      return { kept: (await work.removeDoomed()).length };
    },
  };
}
