import type { Assessment } from '@tidemill/sdk';
import { formatNumber, tableLines } from '../../table.ts';

const percent = (share: number): string => `${Number((share * 100).toPrecision(4))} %`;
const ms = (value: number): string => `${Number(value.toPrecision(4))} ms`;

type Leakage = NonNullable<Assessment['leakage']>;
type Fairness = NonNullable<Assessment['fairness']>;
type Latency = NonNullable<Assessment['latency']>;
type Skew = NonNullable<Assessment['skew']>;

/** The most telling figures, in one line. */
export function headlineOf({ leakage, fairness, latency, skew }: Assessment): string {
  if (leakage) {
    const suspicious = leakage.powers.filter((power) => power.suspicious).map(({ feature }) => feature);
    return `${percent(leakage.duplicates.share)} of ${leakage.test} was learned from; suspicious: ${suspicious.join(', ') || 'none'}`;
  }
  if (fairness)
    return fairness.columns
      .map(
        ({ column, gaps }) =>
          `${column}: parity gap ${formatNumber(gaps.demographic_parity_difference.value)}`,
      )
      .join('; ');
  if (latency) return `p95 ${ms(latency.p95_ms)} on ${latency.machine.name}`;
  const shifted = skew?.features.filter((feature) => feature.shifted).map(({ feature }) => feature) ?? [];
  return `${skew?.servedRows} rows of ${skew?.served}; shifted: ${shifted.join(', ') || 'none'}`;
}

export const describeAssessment = (assessment: Assessment): string[] => [
  `${assessment.id}: ${assessment.kind} of ${assessment.model}`,
  '',
  ...bodyOf(assessment),
  ...assessment.notes.map((note) => `note: ${note}`),
];

function bodyOf({ leakage, fairness, latency, skew }: Assessment): string[] {
  if (leakage) return leakageLines(leakage);
  if (fairness) return fairnessLines(fairness);
  if (latency) return latencyLines(latency);
  return skew ? skewLines(skew) : [];
}

function leakageLines({
  train,
  test,
  testRows,
  duplicates,
  entities,
  order,
  powers,
  threshold,
  later,
}: Leakage): string[] {
  const overlap = (found: Leakage['duplicates']) =>
    `${found.rows} of ${testRows} rows (${percent(found.share)}) of ${test} are in ${train} too, by ${found.columns.join(', ')}`;
  return [
    `duplicates  ${overlap(duplicates)}`,
    ...(duplicates.examples.length > 0
      ? [`            first in row ${duplicates.examples.map((row) => row.row).join(', ')}`]
      : []),
    ...(entities ? [`entities    ${overlap(entities)}`] : []),
    ...(order
      ? [
          `order       ${order.rows} rows (${percent(order.share)}) are not newer than ${order.newestTrain}, the newest ${order.column} learned from; the oldest is ${order.oldestTest}`,
        ]
      : []),
    ...later.map(
      ({ column, labelTime, rows, share }) =>
        `later       ${column} is not older than ${labelTime} in ${rows} rows (${percent(share)})`,
    ),
    ...(powers.length > 0
      ? [
          '',
          ...tableLines(powers.slice(0, 10), {
            feature: (p) => p.feature,
            'power alone': (p) => p.power,
            measure: (p) => p.measure,
            '': (p) => (p.suspicious ? `SUSPICIOUS: at least ${threshold}` : ''),
          }),
        ]
      : []),
  ];
}

const fairnessLines = ({ evaluation, dataset, columns }: Fairness): string[] => [
  `from ${evaluation} on ${dataset}`,
  ...columns.flatMap(({ column, groups, gaps }) => [
    '',
    ...tableLines(groups, {
      [column]: (g) => `${g.group}${g.small ? ' (small)' : ''}`,
      rows: (g) => g.rows,
      positives: (g) => g.positives,
      'selection rate': (g) => g.selectionRate,
      'true positive rate': (g) => g.truePositiveRate,
      'false positive rate': (g) => g.falsePositiveRate,
    }),
    ...tableLines(Object.entries(gaps), {
      gap: ([name]) => name.replaceAll('_', ' '),
      value: ([, gap]) => gap.value,
      '95 % interval': ([, { low, high }]) =>
        low === null ? null : `${formatNumber(low)} to ${formatNumber(high)}`,
    }),
  ]),
];

const latencyLines = ({ machine, ...times }: Latency): string[] => [
  `${times.predictions} single predictions of rows of ${times.dataset} by ${times.runtime}, after ${times.warmup} to warm up`,
  `p50 ${ms(times.p50_ms)}  p95 ${ms(times.p95_ms)}  p99 ${ms(times.p99_ms)}  max ${ms(times.max_ms)}  mean ${ms(times.mean_ms)}`,
  `on ${machine.name}: ${machine.cpu}, ${machine.cores} cores, ${machine.platform}, load ${formatNumber(machine.load)}`,
];

const skewLines = ({ train, served, trainRows, servedRows, matched, features }: Skew): string[] => [
  `${servedRows} rows of ${served} beside ${trainRows} of ${train}${matched === null ? '' : `; ${matched} are the same by key`}`,
  '',
  ...tableLines(features.slice(0, 20), {
    feature: (f) => f.feature,
    psi: (f) => f.psi,
    p: (f) => f.pValue,
    'missing learned': (f) => percent(f.missingTrained),
    'missing served': (f) => percent(f.missingServed),
    'out of range': (f) => (f.outOfRange === null ? null : percent(f.outOfRange)),
    ...(matched !== null && { unequal: (f: Skew['features'][number]) => percent(f.unequal ?? 0) }),
    '': (f) => (f.shifted ? 'SHIFTED' : ''),
  }),
];
