import type { DatasetVersion } from '@tidemill/contract';
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
import type { Skew } from './skew.ts';
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

/** What windows are judged by. */
export interface Judges {
  readonly references: References;
  readonly skew: Skew;
}

/** Judges the windows that end after `last`; with null the newest ones. */
export async function judgeMonitor(
  judges: Judges,
  window: EndpointWindow,
  monitor: StoredMonitor,
  last: number | null,
): Promise<Judged> {
  const found = await judgeWindows(judges, window, monitor, last);
  if (monitor.kind !== 'skew') return found;
  const same = await compareSame(judges, window, monitor);
  if (same === null) return found;
  const times = 'problem' in found ? [] : found.times;
  // Of every new window: a row that differs does so until it has left them all.
  if (times.length > 0)
    return {
      times: times.map((each) => ({ ...each, judgements: [...each.judgements, ...same.judgements] })),
    };
  return { times: last !== null && same.eventTime <= last ? [] : [same] };
}

async function compareSame(
  { skew }: Judges,
  window: EndpointWindow,
  monitor: StoredMonitor,
): Promise<JudgedTime | null> {
  const version = await window.reference(monitor);
  return version && skew.compare(questionOf(window, monitor, version));
}

const questionOf = (
  { live, entity, records }: EndpointWindow,
  monitor: StoredMonitor,
  version: DatasetVersion,
) => ({
  ...{ version, entity },
  features: monitor.columns ?? live.inputs.map((input) => input.name),
  // What a rule answered it answered of the same features.
  records,
});

async function judgeWindows(
  judges: Judges,
  window: EndpointWindow,
  monitor: StoredMonitor,
  last: number | null,
): Promise<Judged> {
  const watched = await watch(judges, window, monitor);
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
function watch(judges: Judges, window: EndpointWindow, monitor: StoredMonitor): Promise<Watched[] | string> {
  return monitor.kind === 'error'
    ? watchErrors(judges.references, window, monitor)
    : watchColumns(judges, window, monitor);
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
  { references, skew }: Judges,
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
    else if (
      monitor.kind === 'skew' &&
      version.columns.some((each) => each.name === name && each.type === 'text')
    )
      watched.push(await skew.watchTexts(questionOf(window, monitor, version), name, rateOf(monitor)));
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

/** Rows that a window ending at this moment may gain or lose by late ones. */
export function rowsAt(window: EndpointWindow, monitor: StoredMonitor, eventTime: number): number {
  const units = monitor.kind === 'error' ? window.errors() : window.records;
  return units.filter((unit) => unit.eventTime === eventTime).length;
}
