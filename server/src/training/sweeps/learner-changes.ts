/** What changed of a sweep over learners since the last look: its trials come in order, and none changes after its end. */
import type { Confirmation, SweepChanges } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import { decodeCursor, encodeCursor, isNumber } from '../../base/page.ts';
import type { Task } from '../../platform/tasks/rules.ts';
import { type SweepRecord, toSweep } from './rules.ts';
import { defaultLimit } from './space/changes.ts';
import { sweepStore } from './store.ts';

interface LearnerChangesRequest {
  readonly since?: string | undefined;
  readonly limit?: number | undefined;
}

interface Looked {
  readonly task: Task | null;
  readonly confirmation: Confirmation | null;
}

/** The first number that was not looked at yet, and those before it that had not ended, or were not there. */
type Seen = readonly number[];
const isSeen = (value: unknown): value is Seen =>
  Array.isArray(value) && value.length > 0 && value.length <= 1000 && value.every(isNumber);

/** @throws pageCursorInvalid */
export async function listLearnerChanges(
  db: Db,
  record: SweepRecord,
  { since, limit = defaultLimit }: LearnerChangesRequest,
  { task, confirmation }: Looked,
): Promise<SweepChanges> {
  const store = sweepStore(db);
  const [from = 0, ...open] = since === undefined ? [0] : decodeCursor(since, isSeen);
  const found = await store.pageTrials(record.id, { from, open }, limit + 1);
  const page = found.slice(0, limit);
  const next = Math.max(from, (page.at(-1)?.number ?? -1) + 1);
  const ended = new Set(page.flatMap(({ number, state }) => (state === 'running' ? [] : [number])));
  const looked = [...open, ...Array.from({ length: next - from }, (_, i) => from + i)];
  const { trials: _, ...sweep } = toSweep(record, [], task, confirmation);
  const chosen = confirmation?.chosen ?? null;
  return {
    sweep: {
      ...sweep,
      best: await store.findBest(record.id),
      chosen: chosen === null ? null : await store.findTrial(record.id, chosen),
    },
    trials: page,
    isWhole: since === undefined,
    hasMore: found.length > limit,
    cursor: encodeCursor([next, ...looked.filter((number) => !ended.has(number))]),
  };
}
