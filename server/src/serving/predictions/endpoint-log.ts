/** The prediction log of one endpoint: predictions and outcomes, open and sealed, read as one table each. */

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutcomeResult, PredictionRecord } from '@tidemill/contract';
import type { Analytics, Parameter, QueryReply, TableSource } from '../../adapters/analytics/analytics.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { beforeOf, createLogMemory, type LogMemory, maximumLines, unitOf } from './log-memory.ts';
import {
  beforeSql,
  findSql,
  type LogQuestion,
  logTableSql,
  outcomeSql,
  outcomesTableSql,
} from './log-queries.ts';
import { redact } from './redaction.ts';
import {
  classesOf,
  dayOf,
  type FailedRequest,
  type KnownOutcome,
  type LoggedOutcome,
  type LoggedPrediction,
  type LogSettings,
  noSettings,
  outcomeOf,
  recordFrom,
  resultOf,
  type SegmentKind,
  segmentColumns,
  toFailedLine,
  toLogged,
  toRecord,
} from './rules.ts';
import { openSegmentLog, removeSegment, type Segment, type SegmentLog } from './segment-log.ts';
import type { SealedSegment } from './store.ts';

export interface EndpointLogOptions {
  readonly analytics: Pick<Analytics, 'query' | 'exportFile' | 'copy'>;
  readonly blobs: Pick<Blobs, 'putFile' | 'localPath'>;
  readonly clock: Clock;
  /** `<data>/predictions/<workspace>/<endpoint>` */
  readonly folder: string;
  readonly sealed: readonly SealedSegment[];
  readonly saveSealed: (segment: Omit<SealedSegment, 'workspace' | 'endpoint'>) => Promise<void>;
  readonly onWritten: (kind: SegmentKind, rows: number) => void;
  readonly onFailed: (error: unknown, rows: number, kind: SegmentKind) => void;
  readonly settings?: () => LogSettings;
  /** Several sealed segments become one. False where one of them is gone meanwhile. */
  readonly mergeSealed?: (old: readonly string[], fresh: Sealed) => Promise<boolean>;
  readonly removeSealed?: (ids: readonly string[]) => Promise<void>;
  /** Files that the log names no more; those that something else names, or that are too young, stay. */
  readonly removeBlobs?: (sha256s: readonly string[]) => Promise<unknown>;
  /** Hears of every line; must not wait. */
  readonly tap?: (prediction: LoggedPrediction) => void;
  readonly maximumBytes?: number;
  readonly bufferedBytes?: number;
}

/** Requests without an answer that are written down in any second; more are counted only. */
const failedPerSecond = 100;

type Sealed = Omit<SealedSegment, 'workspace' | 'endpoint'>;

export interface LogErasure {
  /** SQL, true of the predictions. */
  readonly condition: string;
  /** SQL over outcomes, and the same of a key: true where the entity is the subject's. */
  readonly outcomeKeys: string;
  readonly isOfSubject: (key: string) => boolean;
  /** Makes the new file the segment's, in one transaction. */
  readonly replace: (old: Sealed, fresh: Sealed, rows: number) => Promise<void>;
}

const dayMs = 86_400_000;
/** Rows of a merged segment, at most; and how many segments of today are let stand. */
const mergedRows = 2_000_000;
const manySegments = 32;

function toMerge(sealed: readonly Sealed[], today: string): Sealed[][] {
  const groups: Sealed[][] = [];
  const small = sealed.filter(({ rows }) => rows < mergedRows / 2);
  for (const segments of Map.groupBy(small, ({ kind, day }) => `${kind} ${day}`).values()) {
    const isOver = (segments[0]?.day ?? today) < today;
    if (segments.length < (isOver ? 2 : manySegments)) continue;
    let rows = Number.POSITIVE_INFINITY;
    for (const segment of segments) {
      if (rows + segment.rows > mergedRows) {
        groups.push([]);
        rows = 0;
      }
      groups.at(-1)?.push(segment);
      rows += segment.rows;
    }
  }
  return groups.filter(({ length }) => length > 1);
}

/** How a line is counted as one without parsing it. */
const isFallback = '"source":"fallback"';
const isById = '"predictionId":"';
const toLine = (item: object): string => {
  try {
    return `${JSON.stringify(item)}\n`;
  } catch {
    // Whole numbers of 64 bits.
    const spelled = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
    return `${JSON.stringify(item, spelled)}\n`;
  }
};

export async function openEndpointLog(options: EndpointLogOptions) {
  const { analytics, blobs, clock, folder } = options;
  const sealedIds = new Set(options.sealed.map((segment) => segment.id));
  const memory = createLogMemory();
  const common = {
    folder: join(folder, 'open'),
    now: () => clock.now(),
  };
  const onFailedOf = (kind: SegmentKind) => (error: unknown, rows: number) => {
    memory.forget();
    options.onFailed(error, rows, kind);
  };
  const logs = {
    predictions: await openSegmentLog<LoggedPrediction>(
      {
        ...common,
        kind: 'predictions',
        toLine,
        marker: isFallback,
        idOf: ({ id }) => id,
        keepsFailed: true,
        onFailed: onFailedOf('predictions'),
        onWritten: (rows) => options.onWritten('predictions', rows),
        ...(options.maximumBytes && { maximumBytes: options.maximumBytes }),
        ...(options.bufferedBytes && { bufferedBytes: options.bufferedBytes }),
      },
      sealedIds,
    ),
    outcomes: await openSegmentLog<LoggedOutcome>(
      {
        ...common,
        kind: 'outcomes',
        toLine,
        marker: isById,
        onFailed: onFailedOf('outcomes'),
        onWritten: (rows) => options.onWritten('outcomes', rows),
      },
      sealedIds,
    ),
  };
  let sealed: readonly Sealed[] = options.sealed;
  let sequence = 0;
  const failed = { second: 0, count: 0, leftOut: 0 };
  let comparing: Promise<unknown> = Promise.resolve();
  const reads = new Set<Promise<unknown>>();

  const total = (kind: SegmentKind, what: 'rows' | 'marked'): number =>
    [...logs[kind].segments(), ...sealed.filter((segment) => segment.kind === kind)].reduce(
      (sum, segment) => sum + segment[what],
      0,
    );

  async function sourceOf(kind: SegmentKind, days: readonly string[] | null = null): Promise<TableSource> {
    const isWanted = ({ day }: { readonly day: string }) => days === null || days.includes(day);
    // Both lists at one moment: a segment that is being sealed is in exactly one of them.
    const stored = sealed.filter((segment) => segment.kind === kind && isWanted(segment));
    const lines = logs[kind]
      .segments()
      .filter(isWanted)
      .map((segment) => segment.path);
    const paths = await Promise.all(stored.map((segment) => blobs.localPath(segment.sha256)));
    return { paths, lines, columns: segmentColumns[kind], mayLack: true };
  }

  async function read(
    question: LogQuestion,
    parameters: readonly Parameter[],
    days: readonly string[] | null = null,
  ): Promise<QueryReply> {
    const hasIds = total('outcomes', 'marked') > 0;
    const [predictions, outcomes] = await Promise.all([sourceOf('predictions', days), sourceOf('outcomes')]);
    return analytics.query({ sql: question(hasIds), parameters, tables: { predictions, outcomes } });
  }

  async function seal(kind: SegmentKind, log: SegmentLog<never>, segment: Segment): Promise<void> {
    if (segment.rows > 0) {
      const row = await store(kind, segment);
      await options.saveSealed(row);
      sealed = [...sealed, row];
    }
    log.detach(segment.id);
    // Queries that began before still read the file.
    await Promise.allSettled(reads);
    await removeSegment(segment);
  }

  /** A sealed segment without some of its rows, as a file that is stored; null where it has none of them. */
  async function without(
    segment: Sealed,
    condition: string,
    erased: TableSource,
  ): Promise<{ fresh: Sealed; rows: number } | null> {
    const { id, kind } = segment;
    const tables = { segment: { paths: [await blobs.localPath(segment.sha256)] }, erased };
    const isMarked = kind === 'predictions' ? "source = 'fallback'" : '"predictionId" is not null';
    const { rows } = await analytics.query({
      sql: `select count(*) filter (${condition})::integer as erased,
        count(*) filter (not (${condition}) and ${isMarked})::integer as marked from segment`,
      tables,
    });
    const [found] = rows;
    const count = Number(found?.erased ?? 0);
    if (count === 0) return null;
    const to = join(folder, 'sealing', `${id}.rest.parquet`);
    await mkdir(join(folder, 'sealing'), { recursive: true });
    try {
      await analytics.copy({ sql: `select * from segment where not (${condition})`, tables, to });
      const { sha256 } = await blobs.putFile(to, { move: true });
      const fresh = { ...segment, sha256, rows: segment.rows - count, marked: Number(found?.marked ?? 0) };
      return { fresh, rows: count };
    } finally {
      await rm(to, { force: true });
    }
  }

  /** What a subject is erased from must not lie about in files that nothing names any more. */
  async function letGo(segments: readonly Sealed[]): Promise<void> {
    // Queries that began before still read the files.
    await Promise.allSettled(reads);
    await options.removeBlobs?.(segments.map(({ sha256 }) => sha256));
  }

  async function merge(group: readonly Sealed[]): Promise<void> {
    const [first] = group;
    if (!first || !options.mergeSealed) return;
    const { kind, day } = first;
    const id = newId('segment');
    const to = join(folder, 'sealing', `${id}.parquet`);
    await mkdir(join(folder, 'sealing'), { recursive: true });
    try {
      const paths = await Promise.all(group.map(({ sha256 }) => blobs.localPath(sha256)));
      const order = kind === 'predictions' ? '"at", id' : '"eventTime", "key", sequence';
      const table = { paths, columns: segmentColumns[kind], mayLack: true };
      await analytics.copy({
        sql: `select * from segments order by ${order}`,
        tables: { segments: table },
        to,
      });
      const { sha256 } = await blobs.putFile(to, { move: true });
      const sum = (what: 'rows' | 'marked') => group.reduce((total, segment) => total + segment[what], 0);
      const fresh = {
        id,
        kind,
        day,
        sha256,
        rows: sum('rows'),
        marked: sum('marked'),
        sealedAt: clock.now(),
      };
      const old = group.map((segment) => segment.id);
      if (!(await options.mergeSealed(old, fresh))) return;
      sealed = [...sealed.filter((segment) => !old.includes(segment.id)), fresh];
      await letGo(group);
    } finally {
      await rm(to, { force: true });
    }
  }

  async function sealAll(): Promise<void> {
    for (const [kind, log] of Object.entries(logs) as [SegmentKind, SegmentLog<never>][]) {
      await log.rotate();
      for (const segment of log.full()) await seal(kind, log, segment);
    }
  }

  async function store(kind: SegmentKind, segment: Segment): Promise<Sealed> {
    const { id, day, rows, marked } = segment;
    const to = join(folder, 'sealing', `${id}.parquet`);
    await mkdir(join(folder, 'sealing'), { recursive: true });
    try {
      const table = { paths: [], lines: [segment.path], columns: segmentColumns[kind] };
      await analytics.exportFile({ table, format: 'parquet', to });
      const { sha256 } = await blobs.putFile(to, { move: true });
      return { id, kind, day, sha256, rows, marked, sealedAt: clock.now() };
    } finally {
      await rm(to, { force: true });
    }
  }

  /** What an earlier process wrote, if it is little. */
  async function remember(): Promise<void> {
    const lines = total('predictions', 'rows') + total('outcomes', 'rows');
    if (lines === 0) return;
    if (lines > maximumLines) return memory.forget();
    const [predictions, outcomes] = await Promise.all([
      read(() => 'select * from predictions', []),
      read(() => 'select * from outcomes', []),
    ]);
    for (const row of predictions.rows) memory.addPrediction(toLogged(row));
    for (const row of outcomes.rows) memory.addOutcome(row as unknown as LoggedOutcome);
  }
  // Memory is only for speed: what cannot be read now is asked for, and complained about, when it is needed.
  await remember().catch(() => memory.forget());

  /** One query over everything logged before the call; the tables are `predictions` and `outcomes`. `days`: only predictions of segments of these. */
  async function query(
    question: LogQuestion,
    parameters: readonly Parameter[],
    days: readonly string[] | null = null,
  ): Promise<QueryReply['rows']> {
    await Promise.allSettled([logs.predictions.flush(), logs.outcomes.flush()]);
    const reading = read(question, parameters, days);
    reads.add(reading);
    try {
      return (await reading).rows;
    } finally {
      reads.delete(reading);
    }
  }

  type Before = { readonly unit: string; readonly known: KnownOutcome | null; readonly isMatched: boolean };

  /** Of a large log; one query at a time, however many send outcomes. */
  async function askBefore(
    outcomes: readonly Omit<LoggedOutcome, 'sequence'>[],
  ): Promise<(Before | undefined)[]> {
    const asking = comparing.then(() =>
      query(beforeSql, [
        outcomes.map((_, i) => i),
        outcomes.map(({ predictionId }) => predictionId ?? ''),
        outcomes.map(({ key }) => key ?? ''),
        outcomes.map(({ eventTime }) => eventTime ?? 0),
      ]),
    );
    comparing = asking.catch(() => {});
    const before: (Before | undefined)[] = outcomes.map(() => undefined);
    for (const row of await asking) {
      const known = outcomeOf(row);
      before[Number(row.n)] = {
        unit: unitOf({ key: String(row.key), eventTime: Number(row.eventTime) }),
        known: known.observedAt === null ? null : known,
        isMatched: row.matched === true,
      };
    }
    return before;
  }

  /** What each outcome is to what is known, one after the other. */
  async function compare(outcomes: readonly Omit<LoggedOutcome, 'sequence'>[]): Promise<OutcomeResult[]> {
    const held = memory.find();
    const before = held ? beforeOf(held, outcomes) : await askBefore(outcomes);
    const within = new Map<string, Omit<LoggedOutcome, 'sequence'>>();
    return outcomes.map((outcome, i) => {
      const found = before[i];
      const unit = found?.unit ?? nameOf(outcome);
      const known = within.get(unit) ?? found?.known ?? null;
      within.set(unit, outcome);
      return resultOf(outcome, known, found?.isMatched ?? false);
    });
  }

  function append(given: LoggedPrediction): void {
    const clean = redact(given, options.settings?.().redact ?? []);
    const prediction = clean.output ? { ...clean, ...classesOf(clean.output) } : clean;
    if (logs.predictions.append(prediction)) memory.addPrediction(prediction);
    options.tap?.(prediction);
  }

  return {
    /** Into the buffer: never waits, never throws; lost only by a kill within the next 50 ms, or where the disk takes nothing for long. */
    append,
    /** A request that got an error. Of a flood of them the first of every second are kept, the others counted. */
    appendFailed(request: FailedRequest): void {
      const second = Math.floor(request.at / 1000);
      if (second !== failed.second) Object.assign(failed, { second, count: 0 });
      failed.count += 1;
      if (failed.count > failedPerSecond) failed.leftOut += 1;
      else append(toFailedLine(request));
    },
    /** Resolves when all appended predictions are in the file. */
    flush: (): Promise<void> => logs.predictions.flush(),

    /** Resolves when the outcomes are in the file. What says nothing new is not written. */
    async appendOutcomes(outcomes: readonly Omit<LoggedOutcome, 'sequence'>[]): Promise<OutcomeResult[]> {
      // What cannot be compared, as a file is gone, is written all the same.
      const results = await compare(outcomes).catch(() => outcomes.map((): OutcomeResult => 'accepted'));
      const stamped = outcomes
        .filter((_, i) => results[i] !== 'unchanged')
        .map((outcome) => {
          sequence = Math.max(sequence + 1, clock.now() * 1000);
          return { ...outcome, label: outcome.label ?? null, sequence };
        });
      const kept = stamped.map((outcome) => logs.outcomes.append(outcome));
      await logs.outcomes.flush();
      // What is acknowledged is in the file: outcomes for which there was no room are not.
      if (kept.includes(false)) throw new Error('the disk is slower than the outcomes');
      for (const outcome of stamped) memory.addOutcome(outcome);
      return results;
    },

    /** The whole log, where it is small enough to be held. */
    findMemory: (): LogMemory | null => memory.find(),

    query,

    /** Of a repeated request id the latest. Segments of other days cannot hold it, where `days` are known. */
    async find(id: string, days: readonly string[] | null): Promise<PredictionRecord | null> {
      await Promise.allSettled([logs.predictions.flush(), logs.outcomes.flush()]);
      const isWanted = ({ day }: Segment) => days === null || days.includes(day);
      const found = await findLine(logs.predictions.find(id, isWanted), id);
      const question = found ? outcomeSql : findSql;
      const asked = found ? [found.id, found.key, found.eventTime] : [id];
      if (found && total('outcomes', 'rows') === 0) return withOutcome(found, undefined);
      const reading = read(question, asked, days);
      reads.add(reading);
      try {
        const [row] = (await reading).rows;
        if (found) return withOutcome(found, row);
        return row ? toRecord(row) : null;
      } finally {
        reads.delete(reading);
      }
    },

    /** The log as a table of somebody's SQL; no file of it is removed until it was read. */
    async table(what: SegmentKind, read: Promise<void>): Promise<TableSource> {
      await Promise.allSettled([logs.predictions.flush(), logs.outcomes.flush()]);
      reads.add(read);
      void read.finally(() => reads.delete(read));
      const hasIds = total('outcomes', 'marked') > 0;
      const predictions = await sourceOf('predictions');
      if (what === 'predictions') return { paths: [], made: { sql: logTableSql, tables: { predictions } } };
      const tables = { predictions, outcomes: await sourceOf('outcomes') };
      return { paths: [], made: { sql: outcomesTableSql(hasIds), tables } };
    },

    /** How many predictions a condition is true of. */
    async count(condition: string): Promise<number> {
      await Promise.allSettled([logs.predictions.flush(), logs.outcomes.flush()]);
      const predictions = await sourceOf('predictions');
      const { rows } = await analytics.query({
        sql: `select count(*)::integer as rows from predictions where ${condition}`,
        tables: { predictions },
      });
      return Number(rows[0]?.rows ?? 0);
    },

    /**
     * Erases predictions, their outcomes, and outcomes of the keys; not at the same time as `seal`. Outcomes go first: a kill in between
     * leaves the predictions by which the others are found.
     */
    async erase({ condition, isOfSubject, outcomeKeys, replace }: LogErasure): Promise<void> {
      await sealAll();
      const list = join(folder, 'sealing', 'erased.parquet');
      await mkdir(join(folder, 'sealing'), { recursive: true });
      try {
        const predictions = await sourceOf('predictions');
        const sql = `select id, "key" from predictions where ${condition}`;
        await analytics.copy({ sql, tables: { predictions }, to: list });
        const erased = { paths: [list] };
        const conditions: Record<SegmentKind, string> = {
          outcomes: `coalesce("predictionId" in (select id from erased), false)
            or coalesce("key" in (select "key" from erased), false) or ${outcomeKeys}`,
          predictions: condition,
        };
        for (const kind of ['outcomes', 'predictions'] as const)
          for (const segment of sealed.filter((each) => each.kind === kind)) {
            const found = await without(segment, conditions[kind], erased);
            if (!found) continue;
            await replace(segment, found.fresh, found.rows);
            sealed = sealed.map((each) => (each.id === segment.id ? found.fresh : each));
          }
        if (memory.find()) {
          const { rows } = await analytics.query({ sql: 'select id, "key" from erased', tables: { erased } });
          const keys = new Set(rows.map(({ key }) => String(key)));
          memory.erase(new Set(rows.map(({ id }) => String(id))), (key) => keys.has(key) || isOfSubject(key));
        }
        // Queries that began before still read the old files.
        await Promise.allSettled(reads);
      } finally {
        await rm(list, { force: true });
      }
    },

    /** Lines and characters that wait for the disk, and what was lost. */
    state: () => ({ predictions: logs.predictions.state(), outcomes: logs.outcomes.state() }),

    counts: () => ({
      predictions: total('predictions', 'rows'),
      outcomes: total('outcomes', 'rows'),
      fallbacks: total('predictions', 'marked'),
    }),

    /** Turns segments that are full, or of an earlier day, into Parquet. */
    async seal(): Promise<void> {
      const today = dayOf(clock.now());
      for (const [kind, log] of Object.entries(logs) as [SegmentKind, SegmentLog<never>][]) {
        if (log.segments().some((segment) => segment.day < today)) await log.rotate();
        for (const segment of log.full()) await seal(kind, log, segment);
      }
    },

    /**
     * Puts the small segments of a day together, so that a year is not a hundred thousand files: of days that are over all, of today
     * where there are many. Not at the same time as `seal`.
     */
    async compact(): Promise<void> {
      for (const group of toMerge(sealed, dayOf(clock.now()))) await merge(group);
    },

    /** Days beyond the retention are no longer part of the log; their files go where they are old enough, else with the next garbage collection. */
    async retain(): Promise<number> {
      const { retentionDays } = options.settings?.() ?? noSettings;
      if (retentionDays === null || !options.removeSealed) return 0;
      const first = dayOf(clock.now() - retentionDays * dayMs);
      const over = sealed.filter(({ day }) => day < first);
      if (over.length === 0) return 0;
      await options.removeSealed(over.map(({ id }) => id));
      sealed = sealed.filter((segment) => !over.includes(segment));
      await letGo(over);
      // It may hold what is gone.
      memory.forget();
      return over.length;
    },

    summary: () => ({
      ...logs.predictions.state(),
      openSegments: logs.predictions.segments().length + logs.outcomes.segments().length,
      sealedSegments: sealed.length,
      unwrittenFailures: failed.leftOut,
    }),

    async close(): Promise<void> {
      await Promise.all([logs.predictions.close(), logs.outcomes.close()]);
    },
  };
}

async function findLine(lines: AsyncIterable<string>, id: string): Promise<LoggedPrediction | null> {
  for await (const line of lines) {
    const found = JSON.parse(line) as LoggedPrediction;
    if (found.id === id) return found;
  }
  return null;
}

const withOutcome = (
  found: LoggedPrediction,
  row: QueryReply['rows'][number] | undefined,
): PredictionRecord => recordFrom(found, outcomeOf(row));

/** The unit of an outcome, or the prediction where nobody knows which unit that is of. */
const nameOf = ({ predictionId, key, eventTime }: Omit<LoggedOutcome, 'sequence'>): string =>
  predictionId ?? unitOf({ key: key ?? '', eventTime: eventTime ?? 0 });

export type EndpointLog = Awaited<ReturnType<typeof openEndpointLog>>;
