/**
 * What Prometheus reads. Nothing is kept here: each family is asked at the scrape for what it has, so a thing that is
 * gone has no series any more, and what is counted on the hot path is counted in the plainest way there is.
 */
import type { Histogram } from './histogram.ts';

export type Labels = Readonly<Record<string, string | number>>;

export interface NumberSample {
  readonly labels?: Labels;
  readonly value: number;
}

export interface HistogramSample {
  readonly labels?: Labels;
  readonly histogram: Histogram;
}

type Samples<T> = Iterable<T> | Promise<Iterable<T>>;

export type Family = {
  /** With its unit, as `tidemill_inference_duration_seconds`. */
  readonly name: string;
  readonly help: string;
} & (
  | { readonly type: 'counter' | 'gauge'; readonly collect: () => Samples<NumberSample> }
  | {
      readonly type: 'histogram';
      /** What bounds and sum are divided by: 1000 where milliseconds are counted and seconds told. */
      readonly divisor?: number;
      readonly collect: () => Samples<HistogramSample>;
    }
);

interface Value {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
}

export function createMetrics() {
  const families = new Map<string, Family>();

  async function valuesOf(family: Family): Promise<Value[]> {
    if (family.type !== 'histogram')
      return [...(await family.collect())].map(({ labels = {}, value }) => ({ labels, value }));
    const { name, divisor = 1 } = family;
    return [...(await family.collect())].flatMap((sample) => toValues(name, divisor, sample));
  }

  async function open() {
    const { Registry, collectDefaultMetrics } = await import('prom-client');
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    for (const family of families.values()) {
      const { name, help, type } = family;
      // Only this is asked of what is registered; the types want a class that keeps values of its own.
      const asked = {
        name,
        help,
        type,
        get: async () => ({ name, help, type, values: await valuesOf(family) }),
      };
      registry.registerMetric(asked as never);
    }
    return registry;
  }
  let opened: ReturnType<typeof open> | undefined;

  return {
    /** Before the first scrape. */
    add(...added: readonly Family[]): void {
      for (const family of added) families.set(family.name, family);
    },

    /** The text of a scrape. Node's own metrics are counted from the first one on. */
    async text(): Promise<{ body: string; contentType: string }> {
      opened ??= open();
      const registry = await opened;
      return { body: await registry.metrics(), contentType: registry.contentType };
    },
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

function toValues(name: string, divisor: number, { labels = {}, histogram }: HistogramSample): Value[] {
  const { bounds, counts, sum } = histogram;
  let total = 0;
  const buckets = Array.from(counts, (count, index) => {
    total += count;
    const bound = bounds[index];
    const le = bound === undefined ? '+Inf' : bound / divisor;
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum / divisor },
    { metricName: `${name}_count`, labels, value: total },
  ];
}
