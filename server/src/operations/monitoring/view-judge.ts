/** What a view's measurement says to its monitors. */
import type { FeatureHealth, Monitor, ParityMismatch } from '@tidemill/contract';
import { durationMs, formatDuration } from '../../base/duration.ts';
import type { Cause } from '../alerts/service.ts';
import { shown } from './rules.ts';

export interface ViewJudgement {
  readonly column: string;
  readonly statistic: 'age-ms' | 'wrong' | 'behind-ms' | 'null-rate' | 'ks' | 'chi-square' | 'broken';
  readonly value: number;
  readonly threshold: number;
  readonly breached: boolean;
  readonly rows: number;
  readonly text: string;
  readonly evidence: readonly Record<string, unknown>[];
}

export const viewKinds = ['freshness', 'parity', 'null-rate', 'feature-drift'] as const;
export type ViewKind = (typeof viewKinds)[number];
export const isViewKind = (kind: string): kind is ViewKind => (viewKinds as readonly string[]).includes(kind);

const hour = 3_600_000;
const day = 24 * hour;
const shortestInterval = 60_000;
const longestInterval = 30 * day;
const allowedBehind = day;
const shownRows = 20;

export const intervalOf = ({ interval }: Pick<Monitor, 'interval'>): number =>
  interval === undefined ? hour : durationMs(interval);

type Definition = Omit<Monitor, 'name' | 'createdAt'>;

/** Why a definition cannot work, as far as it alone says; null when it can. */
export function problemOfSubject(definition: Definition): string | null {
  const { endpoint, view, kind } = definition;
  if (endpoint !== undefined && view !== undefined)
    return "it says 'endpoint' and 'view'; a monitor watches one of them";
  if (endpoint === undefined && view === undefined) return "it says neither 'endpoint' nor 'view'";
  if (isViewKind(kind) !== (view !== undefined))
    return isViewKind(kind)
      ? `'${kind}' watches a view: give 'view' instead of 'endpoint'`
      : `'${kind}' watches an endpoint: give 'endpoint' instead of 'view'`;
  return view === undefined ? problemOfEndpoint(definition) : problemOfView(definition);
}

function problemOfEndpoint(definition: Definition): string | null {
  const fields = ['interval', 'maximum', 'behind'] as const;
  const given = fields.find((field) => definition[field] !== undefined);
  return given === undefined ? null : `'${given}' is for monitors of views`;
}

function problemOfView(definition: Definition): string | null {
  const { kind, maximum, behind, columns, reference, interval } = definition;
  for (const field of ['window', 'falseAlarmRate'] as const)
    if (definition[field] !== undefined) return `'${field}' is for monitors of endpoints`;
  if (interval !== undefined) {
    const ms = durationMs(interval);
    if (ms < shortestInterval || ms > longestInterval)
      return `its interval ${interval} is not between ${formatDuration(shortestInterval)} and ${formatDuration(longestInterval)}`;
  }
  if (kind === 'null-rate' && maximum === undefined)
    return "it does not say which share of nulls is fine: give 'maximum', such as 0.02";
  if (kind !== 'null-rate' && maximum !== undefined) return `'maximum' is for null-rate, not for ${kind}`;
  if (kind !== 'parity' && behind !== undefined) return `'behind' is for parity, not for ${kind}`;
  if (behind !== undefined) durationMs(behind);
  if (kind !== 'feature-drift' && reference !== undefined)
    return `'reference' is for feature-drift, not for ${kind}`;
  if ((kind === 'freshness' || kind === 'parity') && columns !== undefined)
    return `'columns' is not for ${kind}: it watches the view as a whole`;
  return null;
}

export function judgeHealth(
  monitor: Pick<Monitor, 'kind' | 'columns' | 'maximum' | 'behind'>,
  health: FeatureHealth,
): ViewJudgement[] {
  if (monitor.kind === 'freshness') return judgeFreshness(health);
  if (monitor.kind === 'parity') return judgeParity(monitor, health);
  if (monitor.kind === 'null-rate') return judgeNulls(monitor, health);
  return judgeDrifts(monitor, health);
}

/** A view that cannot be read any more is neither fresh nor right. */
export const judgeBroken = (text: string): ViewJudgement => ({
  ...{ column: 'view', statistic: 'broken', value: 1, threshold: 1, breached: true, rows: 0 },
  text,
  evidence: [],
});

function judgeFreshness({ freshness, rows, measuredAt }: FeatureHealth): ViewJudgement[] {
  const { objective, met, online, offline, text } = freshness;
  if (objective === null || met === null) return [];
  const newest = online ?? offline;
  return [
    {
      column: 'freshness',
      statistic: 'age-ms',
      value: newest?.ageMs ?? 0,
      threshold: durationMs(objective),
      breached: !met,
      rows,
      text,
      evidence: newest === null ? [] : [{ eventTime: newest.eventTime, measuredAt }],
    },
  ];
}

function judgeParity({ behind }: Pick<Monitor, 'behind'>, health: FeatureHealth): ViewJudgement[] {
  const { parity, measuredAt } = health;
  if (parity === null) return [];
  const limit = behind === undefined ? allowedBehind : durationMs(behind);
  const lag = parity.behindSince === null ? 0 : Math.max(0, measuredAt - parity.behindSince);
  const isBehind = ({ cause }: ParityMismatch) => cause === 'not-materialized' || cause === 'pushed';
  const wrong = parity.mismatches.filter((each) => !isBehind(each));
  const late = parity.mismatches.filter(isBehind);
  const first = wrong[0];
  return [
    {
      column: 'parity',
      statistic: 'wrong',
      value: parity.wrong,
      threshold: 1,
      breached: parity.wrong > 0,
      rows: parity.sampled,
      text: first
        ? `${parity.wrong} of ${parity.sampled} entities differ online: ${describe(first)}`
        : `${parity.matched} of ${parity.sampled} entities are the same online as offline`,
      evidence: wrong.slice(0, shownRows),
    },
    {
      column: 'behind',
      statistic: 'behind-ms',
      value: lag,
      threshold: limit,
      breached: lag > limit,
      rows: parity.sampled,
      text: `${parity.behind} of ${parity.sampled} entities are behind offline for longer than ${formatDuration(limit)}${late[0] ? `: ${late[0].text}` : ''}`,
      evidence: late.slice(0, shownRows),
    },
  ];
}

const spell = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

const describe = ({ entity, feature, online, offline, text }: ParityMismatch): string =>
  `${Object.entries(entity)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')}: ${feature ?? 'the row'} is ${spell(online)} online and ${spell(offline)} offline (${text})`;

const watched = ({ columns }: Pick<Monitor, 'columns'>, { features }: FeatureHealth) =>
  features.filter(({ name }) => columns === undefined || columns.includes(name));

function judgeNulls(monitor: Pick<Monitor, 'columns' | 'maximum'>, health: FeatureHealth): ViewJudgement[] {
  const threshold = monitor.maximum ?? 1;
  return watched(monitor, health).flatMap(({ name, online, offline }) => {
    const sides = [
      { where: 'online', ...online },
      { where: 'offline', ...offline },
    ].filter(({ rate }) => rate !== null);
    const worst = sides.toSorted((a, b) => (b.rate ?? 0) - (a.rate ?? 0))[0];
    if (!worst) return [];
    const value = worst.rate ?? 0;
    const text = `${name} is null in ${worst.nulls} of ${worst.rows} rows ${worst.where} (${shown(100 * value)} %, ${shown(100 * threshold)} % are fine)`;
    const common = { column: name, statistic: 'null-rate' as const, value, threshold, rows: worst.rows };
    return [{ ...common, breached: value > threshold, text, evidence: [] }];
  });
}

function judgeDrifts(monitor: Pick<Monitor, 'columns'>, health: FeatureHealth): ViewJudgement[] {
  return watched(monitor, health).flatMap(({ name, drift }) => {
    if (drift === null) return [];
    const { statistic, value, threshold, breached, rows, referenceRows } = drift;
    const text = `${name} of the newest ${rows} rows differs from ${health.driftReference} (${referenceRows} rows): ${statistic} ${shown(value)} (threshold ${shown(threshold)})`;
    return [{ column: name, statistic, value, threshold, breached, rows, text, evidence: [] }];
  });
}

export const toViewCause = ({ column, text, value, threshold, evidence }: ViewJudgement): Cause => ({
  ...{ column, text, value, threshold },
  rows: evidence.slice(0, shownRows).map((row) => ({ ...row })) as Cause['rows'],
});
