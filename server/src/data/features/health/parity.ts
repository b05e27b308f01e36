/** Whether the online store says what a training set would hold at the same instant, entity by entity. */
import type { FeatureView, Materialization, Parity, ParityMismatch } from '@tidemill/contract';
import type { OnlineStore } from '../../../adapters/online/online.ts';
import type { Bindings, BoundSql, createBinder } from '../../datasets/service.ts';
import { longestWindowUs } from '../aggregations.ts';
import { onlineName, ttlMsOf } from '../online/values.ts';
import { toWindowRead, windowValues } from '../online/windows.ts';
import { entityOf, type Offline, type Sampled } from './offline.ts';
import {
  type Compared,
  type Comparison,
  causeOf,
  compare,
  type HeldRow,
  isRepeatable,
  type OnlineHistory,
} from './rules.ts';

export interface ParityDependencies {
  readonly online: Pick<OnlineStore, 'read'>;
  readonly offline: Offline;
  readonly now: () => number;
  binder(workspace: string, bindings?: Bindings): ReturnType<typeof createBinder>;
}

export interface ParityRequest {
  readonly view: FeatureView;
  readonly sample: readonly Sampled[];
  readonly now: number;
  readonly bindings: Bindings;
  readonly last: Materialization | null;
  readonly missed: { readonly version: string; readonly since: number } | null;
  readonly isPushed: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface Different {
  readonly found: Compared;
  readonly comparison: Extract<Comparison, { kind: 'different' }>;
}

/** Online rows of a sample, and what came of holding them against it. */
export interface ParityFound {
  readonly parity: Parity | null;
  readonly online: readonly HeldRow[];
}

const shownMismatches = 50;

export function createParity({ online, offline, now: clockNow, binder }: ParityDependencies) {
  /** As a look-up at that instant has them. */
  async function readOnline(
    view: FeatureView,
    keys: readonly string[],
    now: number,
  ): Promise<(HeldRow | null)[]> {
    const [found = []] = await online.read([{ view: onlineName(view), keys }]);
    const windows = toWindowRead(view);
    if (windows === null) return found;
    return found.map((held) => {
      const { texts, isThere, eventTime } = windowValues(windows, held, now * 1000);
      return isThere ? { eventTime: eventTime ?? 0, values: `[${texts.join(',')}]` } : null;
    });
  }

  function toCompared(
    view: FeatureView,
    sample: readonly Sampled[],
    held: readonly (HeldRow | null)[],
    now: number,
  ) {
    const ttl = ttlMsOf(view);
    const since = clampedAt(view, now);
    return sample.map(({ key, row, isServed }, i): Compared => {
      const there = held[i] ?? null;
      const isServedOnline = there !== null && (ttl === null || now * 1000 - there.eventTime <= ttl * 1000);
      return { key, online: since(there), offline: since(row), isServedOffline: isServed, isServedOnline };
    });
  }

  /** What differed is looked at once more, online and offline as they are by then. */
  async function lookAgain(request: ParityRequest, keys: readonly string[]) {
    const { view, signal } = request;
    const bind = binder(view.workspace);
    const bound = await bind.bind(view.reference, view.sql);
    const { sample, now } = await offline.withRows(
      view,
      bound,
      async (rows) => {
        const then = clockNow();
        return { sample: await rows.of(keys, then), now: then };
      },
      signal,
    );
    const held = await readOnline(
      view,
      sample.map(({ key }) => key),
      now,
    );
    const after = binder(view.workspace);
    await after.bind(view.reference, view.sql);
    const isMoving = !isSame(bind.resolved(), after.resolved());
    return { compared: toCompared(view, sample, held, now), isMoving };
  }

  /** Offline as the last materialization read it, when it read it. */
  async function history(request: ParityRequest, keys: readonly string[]): Promise<OnlineHistory> {
    const { view, last, missed, isPushed } = request;
    const past = last === null ? new Map<string, HeldRow | null>() : await pastRows(request, last, keys);
    return {
      isMaterialized: last !== null,
      missedVersion: missed?.version ?? null,
      past: (key) => past.get(key) ?? null,
      isPushed,
      isRepeatable: isRepeatable(view.sql),
    };
  }

  async function pastRows(
    { view, signal }: ParityRequest,
    last: Materialization,
    keys: readonly string[],
  ): Promise<Map<string, HeldRow | null>> {
    const bound = await binder(view.workspace, last.bindings)
      .bind(view.reference, view.sql)
      // A version that was deleted since: what was read then is not known any more.
      .catch((): BoundSql | null => null);
    if (bound === null) return new Map();
    // Windows move on by themselves: only the data is of then.
    const at = view.aggregations.length > 0 ? clockNow() : (last.finishedAt ?? last.createdAt);
    const rows = await offline.withRows(view, bound, (found) => found.of(keys, at), signal);
    return new Map(rows.map(({ key, row }) => [key, clampedAt(view, at)(row)]));
  }

  async function measure(request: ParityRequest): Promise<ParityFound> {
    const { view, sample, last, now } = request;
    const held = await readOnline(
      view,
      sample.map(({ key }) => key),
      now,
    );
    const there = held.filter((row) => row !== null);
    // What was never brought online is nobody's mistake; what was pushed is held against offline all the same.
    if (last === null && there.length === 0) return { parity: null, online: there };
    const all = toCompared(view, sample, held, now);
    const judged = last === null ? all.filter((found) => found.online !== null) : all;
    const comparisons = judged.map((found) => ({
      found,
      comparison: compare(view.features, found),
    }));
    const different = comparisons.filter(isDifferent);
    const parity = {
      sampled: judged.length,
      matched: comparisons.filter(({ comparison }) => comparison.kind === 'same').length,
      ahead: comparisons.filter(({ comparison }) => comparison.kind === 'ahead').length,
      ...{ wrong: 0, behind: 0, changing: 0, behindSince: null, mismatches: [] },
    };
    if (different.length === 0) return { parity, online: there };
    return { parity: await settle(request, parity, different), online: there };
  }

  async function settle(
    request: ParityRequest,
    parity: Parity,
    different: readonly Different[],
  ): Promise<Parity> {
    const { view } = request;
    const again = await lookAgain(
      request,
      different.map(({ found }) => found.key),
    );
    const second = again.compared.map((found) => ({
      found,
      comparison: compare(view.features, found),
    }));
    const still = second.filter(isDifferent);
    const gone = different.length - second.length;
    const settled = {
      ...parity,
      matched: parity.matched + second.filter(({ comparison }) => comparison.kind === 'same').length,
      ahead: parity.ahead + second.filter(({ comparison }) => comparison.kind === 'ahead').length,
      changing: gone + (again.isMoving ? still.length : 0),
    };
    if (again.isMoving || still.length === 0) return settled;
    return { ...settled, ...(await explain(request, still)) };
  }

  async function explain(request: ParityRequest, still: readonly Different[]) {
    const { view, missed, last } = request;
    const told = await history(
      request,
      still.map(({ found }) => found.key),
    );
    let [wrong, behind] = [0, 0];
    const mismatches: ParityMismatch[] = [];
    for (const { found, comparison } of still) {
      const causes = comparison.differences.map((difference) =>
        causeOf(view.features, found, difference, told),
      );
      if (causes.every(({ isBehind }) => isBehind)) behind += 1;
      else wrong += 1;
      for (const [i, difference] of comparison.differences.entries()) {
        const { cause, text } = causes[i] as (typeof causes)[number];
        const { feature, online: served, offline: known } = difference;
        mismatches.push({
          entity: entityOf(view, found.key),
          feature,
          online: served,
          offline: known,
          onlineEventTime: inMs(found.online),
          offlineEventTime: inMs(found.offline),
          cause,
          text,
        });
      }
    }
    const first = mismatches.toSorted((a, b) => Number(isBehindCause(a)) - Number(isBehindCause(b)));
    const behindSince = behind === 0 ? null : (missed?.since ?? last?.finishedAt ?? null);
    return { wrong, behind, behindSince, mismatches: first.slice(0, shownMismatches) };
  }

  return { measure };
}

/** Events that have left every window are not told apart any more. */
function clampedAt({ aggregations }: FeatureView, now: number): (row: HeldRow | null) => HeldRow | null {
  if (aggregations.length === 0) return (row) => row;
  const oldest = now * 1000 - longestWindowUs(aggregations);
  return (row) => row && { ...row, eventTime: Math.max(row.eventTime, oldest) };
}

const isBehindCause = ({ cause }: ParityMismatch): boolean =>
  cause === 'not-materialized' || cause === 'pushed';

const inMs = (row: HeldRow | null): number | null => row && Math.floor(row.eventTime / 1000);

const isDifferent = (each: { found: Compared; comparison: Comparison }): each is Different =>
  each.comparison.kind === 'different';

export const isSame = (a: Bindings, b: Bindings): boolean =>
  JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
