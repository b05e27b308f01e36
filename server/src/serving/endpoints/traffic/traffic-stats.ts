/**
 * How an endpoint does, counted beside each answer: since the start for Prometheus, and by the minute for an hour for
 * people. Nothing here waits, queries or grows with the number of requests.
 */
import type { EndpointStats, PhaseTimes } from '@tidemill/contract';
import type { Clock } from '../../../base/clock.ts';
import { errors } from '../../../base/errors.ts';
import { createHistogram, type Histogram, latencyBounds, observe } from '../../../base/metrics/histogram.ts';

export const phases = ['queue', 'features', 'inference', 'total'] as const;
export type Phase = (typeof phases)[number];
export type Milliseconds = Readonly<Record<Phase, number>>;

/** What one variant did for one request. */
export interface Answered {
  readonly variant: string;
  /** `forecaster@2`: the model that was asked, whoever answered. */
  readonly model: string;
  /** Which step answered: `model`, or what stood in for it. */
  readonly source: string;
  readonly records: number;
  readonly times: Milliseconds;
}

export interface VariantCounts {
  readonly variant: string;
  readonly model: string;
  /** Requests by the step that answered. */
  readonly sources: Map<string, number>;
  /** Requests that got no answer, by status. */
  readonly failures: Map<number, number>;
  records: number;
  readonly durations: Readonly<Record<Phase, Histogram>>;
  readonly sizes: Histogram;
  readonly minutes: (Minute | undefined)[];
}

interface Minute {
  minute: number;
  answered: number;
  stoodIn: number;
  failed: number;
  /** Of each phase in turn, by `slotOf`. */
  readonly slots: Uint32Array;
}

/** Eight slots per doubling, from 8 microseconds to 32 seconds: a percentile is right to within 5 %. */
const perDoubling = 8;
const firstPower = -7;
const slotCount = 22 * perDoubling;
const keptMinutes = 60;
const minuteMs = 60_000;
/** Models that came and went; those of the newest answers are kept. */
const mostSeries = 40;
const batchSizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000];

const slotOf = (ms: number): number => {
  const slot = Math.floor((Math.log2(ms) - firstPower) * perDoubling);
  return slot > 0 ? Math.min(slot, slotCount - 1) : 0;
};
const middleOf = (slot: number): number => 2 ** ((slot + 0.5) / perDoubling + firstPower);

function toSeries(variant: string, model: string): VariantCounts {
  const durations = Object.fromEntries(phases.map((phase) => [phase, createHistogram(latencyBounds)]));
  return {
    variant,
    model,
    sources: new Map(),
    failures: new Map(),
    records: 0,
    durations: durations as Record<Phase, Histogram>,
    sizes: createHistogram(batchSizes),
    minutes: new Array(keptMinutes),
  };
}

/** The row of this minute; that of an hour ago is used again. */
function minuteOf({ minutes }: VariantCounts, now: number): Minute {
  const minute = Math.floor(now / minuteMs);
  const found = minutes[minute % keptMinutes];
  if (found?.minute === minute) return found;
  if (found) {
    found.slots.fill(0);
    return Object.assign(found, { minute, answered: 0, stoodIn: 0, failed: 0 });
  }
  const slots = new Uint32Array(slotCount * phases.length);
  const fresh = { minute, answered: 0, stoodIn: 0, failed: 0, slots };
  minutes[minute % keptMinutes] = fresh;
  return fresh;
}

const addTo = <K>(counts: Map<K, number>, key: K): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

export function createTrafficStats(clock: Clock) {
  const endpoints = new Map<string, Map<string, VariantCounts>>();
  const startedAt = clock.now();

  function seriesOf(endpoint: Map<string, VariantCounts>, variant: string, model: string): VariantCounts {
    const key = `${variant} ${model}`;
    const found = endpoint.get(key);
    if (found) return found;
    const [oldest] = endpoint.keys();
    if (oldest !== undefined && endpoint.size >= mostSeries) endpoint.delete(oldest);
    const fresh = toSeries(variant, model);
    endpoint.set(key, fresh);
    return fresh;
  }

  return {
    startedAt,

    /** The counting end of one endpoint, for the hot path. */
    open(workspace: string, name: string) {
      const key = `${workspace}/${name}`;
      const endpoint = endpoints.get(key) ?? new Map<string, VariantCounts>();
      endpoints.set(key, endpoint);
      return {
        answered({ variant, model, source, records, times }: Answered): void {
          const series = seriesOf(endpoint, variant, model);
          const minute = minuteOf(series, clock.now());
          addTo(series.sources, source);
          series.records += records;
          observe(series.sizes, records);
          minute.answered++;
          if (source !== 'model') minute.stoodIn++;
          for (let i = 0; i < phases.length; i++) {
            const phase = phases[i] as Phase;
            observe(series.durations[phase], times[phase]);
            (minute.slots[i * slotCount + slotOf(times[phase])] as number)++;
          }
        },
        /** No answer: which variant failed is known only where there is one. */
        failed(status: number, only: { readonly variant: string; readonly model: string } | null): void {
          const series = seriesOf(endpoint, only?.variant ?? '', only?.model ?? '');
          addTo(series.failures, status);
          minuteOf(series, clock.now()).failed++;
        },
      };
    },

    /** An endpoint that is deleted has no series any more. */
    forget: (workspace: string, name: string): void => void endpoints.delete(`${workspace}/${name}`),

    /** Since the start, of every endpoint. */
    *all(): Iterable<VariantCounts & { readonly workspace: string; readonly endpoint: string }> {
      for (const [key, variants] of endpoints) {
        const cut = key.indexOf('/');
        const place = { workspace: key.slice(0, cut), endpoint: key.slice(cut + 1) };
        for (const counts of variants.values()) yield { ...counts, ...place };
      }
    },

    /** The last minutes, the one that runs included. */
    recent(workspace: string, name: string, minutes: number): EndpointStats {
      const variants = endpoints.get(`${workspace}/${name}`);
      if (!variants) throw errors.endpointNotFound({ name });
      const now = clock.now();
      const last = Math.floor(now / minuteMs);
      const from = last - minutes + 1;
      const isRecent = (each: Minute | undefined): each is Minute =>
        each !== undefined && each.minute >= from && each.minute <= last;
      const found = [...variants.values()]
        .map((series) => ({ series, kept: series.minutes.filter(isRecent) }))
        .filter(({ kept }) => kept.length > 0);
      return {
        endpoint: name,
        from: Math.max(from * minuteMs, startedAt),
        to: now,
        variants: found.map(({ series: { variant, model }, kept }) => ({ variant, model, ...summed(kept) })),
        series: found
          .flatMap(({ series: { variant, model }, kept }) =>
            kept.map((each) => ({ at: each.minute * minuteMs, variant, model, ...summed([each]) })),
          )
          .toSorted((a, b) => a.at - b.at),
      };
    },
  };
}

export type TrafficStats = ReturnType<typeof createTrafficStats>;
export type EndpointCounter = ReturnType<TrafficStats['open']>;

function summed(minutes: readonly Minute[]) {
  const slots = new Float64Array(slotCount * phases.length);
  let [requests, stoodIn, failed] = [0, 0, 0];
  for (const minute of minutes) {
    requests += minute.answered + minute.failed;
    stoodIn += minute.stoodIn;
    failed += minute.failed;
    for (let i = 0; i < slots.length; i++) (slots[i] as number) += minute.slots[i] as number;
  }
  const times = phases.map((phase, i) => [
    phase,
    timesOf(slots.subarray(i * slotCount, (i + 1) * slotCount)),
  ]);
  return { requests, fallbacks: stoodIn, failures: failed, phases: Object.fromEntries(times) };
}

function timesOf(slots: Float64Array): PhaseTimes {
  const total = slots.reduce((sum, count) => sum + count, 0);
  const at = (share: number): number | null => {
    if (total === 0) return null;
    const wanted = Math.max(1, Math.ceil(share * total));
    let seen = 0;
    for (let slot = 0; slot < slotCount; slot++) {
      seen += slots[slot] as number;
      if (seen >= wanted) return slot === 0 ? 0 : Math.round(middleOf(slot) * 1000) / 1000;
    }
    return null;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
