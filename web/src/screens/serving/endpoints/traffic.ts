/** Minutes of an endpoint's traffic as lines; a minute without requests is a zero of rates and a gap of times. */
import type { EndpointStats } from '@tidemill/sdk';
import type { ChartLine } from '../../../components/chart-options.ts';

type Minute = EndpointStats['series'][number];

export const phases = ['queue', 'features', 'inference', 'total'] as const;
const minuteMs = 60_000;

/** Every minute of the period, also those without a request. */
export function toMinutes({ from, to }: Pick<EndpointStats, 'from' | 'to'>): number[] {
  const first = Math.floor(from / minuteMs);
  const count = Math.floor(to / minuteMs) - first + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, index) => (first + index) * minuteMs);
}

/** The busiest, which charts of one variant show. */
export function toShownVariant({ variants }: EndpointStats): { key: string; variant: string } | null {
  const [busiest] = variants.filter(({ model }) => model !== '').toSorted((a, b) => b.requests - a.requests);
  return busiest ? { key: `${busiest.variant} ${busiest.model}`, variant: busiest.variant } : null;
}

export function toRateLines({ variants, series }: EndpointStats, minutes: readonly number[]): ChartLine[] {
  const sumAt = (
    at: number,
    count: (minute: Minute) => number,
    of: (minute: Minute) => boolean = () => true,
  ) =>
    series.filter((minute) => minute.at === at && of(minute)).reduce((sum, minute) => sum + count(minute), 0);
  const line = (name: string, value: (at: number) => number) => ({
    name,
    kind: 'bars' as const,
    points: minutes.map((at) => [at, value(at)] as const),
  });
  const named = variants.filter(({ model }) => model !== '');
  const answered = named.map(({ variant, model }) =>
    line(named.length > 1 ? `${variant} (${model})` : 'answered', (at) =>
      sumAt(
        at,
        ({ requests, failures }) => requests - failures,
        (minute) => minute.variant === variant && minute.model === model,
      ),
    ),
  );
  return [
    ...answered,
    { ...line('by fallback', (at) => sumAt(at, ({ fallbacks }) => fallbacks)), tone: 'warn' },
    { ...line('failed', (at) => sumAt(at, ({ failures }) => failures)), tone: 'bad' },
  ];
}

export function toPhaseLines(
  series: readonly Minute[],
  minutes: readonly number[],
  phase: (typeof phases)[number],
): ChartLine[] {
  const byTime = new Map(series.map((minute) => [minute.at, minute]));
  return (['p50', 'p95', 'p99'] as const).map((percentile) => ({
    name: percentile,
    points: minutes.map((at) => [at, byTime.get(at)?.phases[phase][percentile] ?? null] as const),
  }));
}
