import type { EndpointWindow } from './endpoint-window.ts';
import type { References } from './references.ts';
import {
  type Judgement,
  judgeDrift,
  judgeErrors,
  judgeRange,
  rateOf,
  type SortedColumn,
  timesToJudge,
  type Unit,
  windowAt,
  windowOf,
} from './rules.ts';
import type { StoredMonitor } from './store.ts';

/** All columns of one monitor at one event time. */
export interface JudgedTime {
  readonly eventTime: number;
  readonly judgements: readonly Judgement[];
}

export type Judged =
  | { readonly times: readonly JudgedTime[] }
  /** Why nothing could be judged, for a person who asks. */
  | { readonly problem: string };

interface Watched {
  readonly units: readonly Unit[];
  judge(window: readonly Unit[]): readonly Judgement[];
}

/** Judges the windows that end after `last`; with null the newest ones. */
export async function judgeMonitor(
  references: References,
  window: EndpointWindow,
  monitor: StoredMonitor,
  last: number | null,
): Promise<Judged> {
  const watched = await watch(references, window, monitor);
  if (typeof watched === 'string') return { problem: watched };
  const size = windowOf(monitor);
  const all = watched.flatMap(({ units }) => units);
  const ordered = watched.length === 1 ? all : [...all].sort((a, b) => b.eventTime - a.eventTime);
  const times = timesToJudge(ordered, last, size).flatMap((eventTime): JudgedTime[] => {
    const judgements = watched.flatMap(({ units, judge }) => {
      const found = windowAt(units, eventTime, size);
      return found === null ? [] : judge(found);
    });
    return judgements.length > 0 ? [{ eventTime, judgements }] : [];
  });
  if (times.length > 0) return { times };
  const most = Math.max(0, ...watched.map(({ units }) => units.length));
  if (most >= size) return { times };
  const what = monitor.kind === 'error' ? `answers of ${window.live.reference} with an outcome` : 'answers';
  return { problem: `its window takes ${size} rows, and only ${most} ${what} are there` };
}

/** What to hold each column against, or why there is nothing. */
function watch(
  references: References,
  window: EndpointWindow,
  monitor: StoredMonitor,
): Promise<Watched[] | string> {
  return monitor.kind === 'error'
    ? watchErrors(references, window, monitor)
    : watchColumns(references, window, monitor);
}

async function watchErrors(
  references: References,
  window: EndpointWindow,
  monitor: StoredMonitor,
): Promise<Watched[] | string> {
  const expected = await window.errorReference(monitor);
  if (!expected) {
    return `${window.live.reference} has no evaluation, and too few outcomes are known to say what is normal`;
  }
  const threshold = await references.errorThreshold(expected, windowOf(monitor), rateOf(monitor));
  const figures = { mean: expected.mean, rows: expected.errors.length };
  // Errors that say what is normal are not judged by it.
  const { until = Number.NEGATIVE_INFINITY } = expected;
  const units = window.errors().filter((unit) => unit.eventTime > until);
  return [{ units, judge: (found) => [judgeErrors(found, threshold, figures)] }];
}

async function watchColumns(
  references: References,
  window: EndpointWindow,
  monitor: StoredMonitor,
): Promise<Watched[] | string> {
  const { live } = window;
  const version = await window.reference(monitor);
  if (version === null) {
    return `${live.reference} names no training set, so name a dataset version as its reference`;
  }
  const names = monitor.columns ?? live.inputs.map((input) => input.name);
  const watched: Watched[] = [];
  for (const name of names) {
    const column = await references.column(version, name);
    if (column !== null) watched.push(await watchColumn(references, window, monitor, name, column));
  }
  if (watched.length > 0) return watched;
  return `${version.reference} has none of the columns ${names.join(', ')} as numbers`;
}

async function watchColumn(
  references: References,
  window: EndpointWindow,
  monitor: StoredMonitor,
  name: string,
  column: SortedColumn,
): Promise<Watched> {
  const [size, rate] = [windowOf(monitor), rateOf(monitor)];
  const units = window.units(name);
  if (monitor.kind === 'out-of-range') {
    const threshold = await references.rangeThreshold(column, size, rate);
    return { units, judge: (found) => judgeRange(name, column, found, threshold) };
  }
  const threshold = await references.driftThreshold(column, size, rate);
  return { units, judge: (found) => [judgeDrift(name, column, found, threshold)] };
}
