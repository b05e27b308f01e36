/** What changed of a search since the last look, by the revisions that every change of it takes. */
import type { Confirmation, SweepChanges } from '@tidemill/contract';
import type { Db } from '../../../adapters/db/db.ts';
import { decodeCursor, encodeCursor, isNumber } from '../../../base/page.ts';
import { findFrontOf, partsOf, type SearchRecord, toTrial } from './rules.ts';
import { searchStore } from './store.ts';

export interface ChangesDependencies {
  readonly db: Db;
  describeConfirmation(search: SearchRecord): Promise<Confirmation | null>;
}

export interface ChangesRequest {
  readonly since?: string | undefined;
  readonly limit?: number | undefined;
}

/** The last trial that was seen, and the revision it had; several share one when they were taken over together. */
type Seen = readonly [revision: number, number: number];
const isSeen = (value: unknown): value is Seen =>
  Array.isArray(value) && value.length === 2 && value.every(isNumber);

const nothingSeen: Seen = [-1, -1];
export const defaultLimit = 500;

export function createSearchChanges({ db, describeConfirmation }: ChangesDependencies) {
  /** @throws pageCursorInvalid */
  return async function listChanges(
    search: SearchRecord,
    { since, limit = defaultLimit }: ChangesRequest,
  ): Promise<SweepChanges> {
    const { id, definition } = search;
    const store = searchStore(db);
    const asked = since === undefined ? nothingSeen : decodeCursor(since, isSeen);
    // Revisions are committed in order, so up to this one everything can be seen.
    const until = await store.findRevision(id);
    // One from the future is of another database.
    const seen = asked[0] > until ? nothingSeen : asked;
    const found = await store.pageTrials(id, { revision: seen[0], number: seen[1] }, until, limit + 1);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const [goal] = definition.goals;
    const best = await store.findBest(id, goal?.direction === 'maximize' ? 'desc' : 'asc');
    const confirmation = await describeConfirmation(search);
    const chosen = confirmation?.chosen ?? null;
    const chosenTrial = chosen === null ? null : await store.findTrial(id, chosen);
    const complete = definition.goals.length > 1 ? await store.listGoalValues(id) : [];
    return {
      sweep: {
        ...partsOf(search),
        best: best && toTrial(best),
        chosen: chosenTrial && toTrial(chosenTrial),
        confirmation,
        front: findFrontOf(complete, definition.goals),
      },
      trials: page.map(toTrial),
      isWhole: seen === nothingSeen,
      hasMore: found.length > limit,
      cursor: encodeCursor(last ? [last.revision, last.number] : seen),
    };
  };
}
