import type { Alert, MonitorDefinition } from '@tidemill/contract';
import type { Static } from 'typebox';

export type Cause = Alert['causes'][number];
export type MonitorKind = Static<(typeof MonitorDefinition)['kind']>;

/** What a monitor saw in one window: nothing wrong when there are no causes. */
export interface Observation {
  readonly workspace: string;
  readonly monitor: string;
  /** Of a view none. */
  readonly endpoint: string | null;
  /** The version of a feature view, `price_stats@2`. */
  readonly view?: string | undefined;
  readonly kind: MonitorKind;
  readonly model: string;
  readonly eventTime: number;
  readonly causes: readonly Cause[];
  readonly webhook: string | null;
  /** So many windows without a breach end it; three, as windows of a sample prove little each. */
  readonly cleanChecks?: number;
  /** Why it is over then. */
  readonly cleared?: string;
}

/** An alert with what only this domain needs to know of it. */
export interface StoredAlert extends Alert {
  readonly workspace: string;
  readonly model: string;
  readonly cleanChecks: number;
}

/** Windows without a breach, one after another, until an alert resolves by itself: a single quiet day proves nothing. */
export const cleanChecksToResolve = 3;
const shownCauses = 20;

/** What an alert is about, as its rows are found: an endpoint's name, or `view:price_stats` whatever the version. */
export const subjectOf = ({
  endpoint,
  view,
}: {
  readonly endpoint: string | null;
  readonly view?: string | undefined;
}): string => endpoint ?? `view:${(view ?? '').split('@')[0]}`;

/** How far over its threshold; causes of different statistics are ranked by it. */
export const severity = ({ value, threshold }: Pick<Cause, 'value' | 'threshold'>): number =>
  threshold > 0 ? value / threshold : value;

export const rankCauses = (causes: readonly Cause[]): Cause[] =>
  [...causes].sort((a, b) => severity(b) - severity(a)).slice(0, shownCauses);

/** The first cause in words, and how many more there are. */
export function titleOf(causes: readonly Cause[]): string {
  const more = causes.length - 1;
  const first = causes[0]?.text ?? 'a threshold was reached';
  return more > 0 ? `${first} (and ${more} more)` : first;
}

export const breachKey = ({ monitor, model }: { monitor: string; model: string }): string =>
  `${monitor}|${model}`;

/** What an observation does to the alert of its breach. */
export type Transition = 'none' | 'open' | 'stay' | 'count' | 'resolve';

export function transitionOf(
  alert: Pick<StoredAlert, 'cleanChecks'> | null,
  isBreached: boolean,
  enough: number = cleanChecksToResolve,
): Transition {
  if (alert === null) return isBreached ? 'open' : 'none';
  if (isBreached) return alert.cleanChecks === 0 ? 'none' : 'stay';
  return alert.cleanChecks + 1 >= enough ? 'resolve' : 'count';
}
