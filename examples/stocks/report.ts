import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, PredictionRecord } from '@tidemill/sdk';
import { add, fixed, seconds, tell } from './narrator.ts';
import type { Row } from './python-choice.ts';

export interface Report {
  readonly datasetVersions: number;
  readonly modelVersions: number;
  readonly predictions: number;
  readonly outcomes: number;
  readonly driftAlerts: number;
  readonly controlDriftAlerts: number;
  readonly loopRuns: number;
  readonly promotions: number;
  readonly gateRejections: number;
  readonly rollbacks: number;
  readonly fallbacks: number;
  readonly mae: { readonly loop: number; readonly frozen: number; readonly naive: number };
  readonly months: readonly { month: string; loop: number; frozen: number; naive: number }[];
  readonly valueUsd: number;
  readonly rollbackSeconds: number | null;
  readonly reproduced: boolean;
  readonly tamperedReproduced: boolean;
  /** With `--python`: what was searched, and the naive rule. */
  readonly trainers: readonly Row[];
  readonly seconds: number;
}

interface Judged {
  readonly month: string;
  readonly loop: number;
  readonly frozen: number;
  readonly naive: number;
}

/** Shares over which the stated rule values a dollar of error. */
const shares = 100;

/** Line 10: what this run measured, read back from the server. */
export async function measure(
  client: Client,
  found: Pick<Report, 'rollbackSeconds' | 'reproduced' | 'tamperedReproduced' | 'trainers'>,
): Promise<Report> {
  const days = await judgedDays(client);
  const { counts } = await client.overview.get({ endpoint: 'forecast' });
  const rollouts = (await client.rollouts.list({ limit: 1000 })).items;
  const loops = (await client.retraining.list({ limit: 1000 })).items;
  const alerts = (await client.alerts.list({ limit: 1000 })).items;
  const checks = (await client.audit.list({ action: 'gate.refused', limit: 1000 })).items;
  return {
    datasetVersions: counts.datasetVersions,
    modelVersions: counts.modelVersions,
    predictions: counts.predictions,
    outcomes: counts.outcomes,
    driftAlerts: alerts.filter((alert) => alert.endpoint === 'forecast').length,
    controlDriftAlerts: alerts.filter((alert) => alert.endpoint === 'control').length,
    loopRuns: loops.length,
    promotions: rollouts.filter((rollout) => rollout.stage === 'promoted').length,
    gateRejections: checks.length,
    rollbacks: rollouts.filter((rollout) => rollout.stage === 'rolled-back').length,
    fallbacks: counts.fallbacks,
    mae: { loop: meanOf(days, 'loop'), frozen: meanOf(days, 'frozen'), naive: meanOf(days, 'naive') },
    months: byMonth(days),
    valueUsd: shares * days.reduce((sum, day) => sum + day.frozen - day.loop, 0),
    ...found,
    seconds: Math.round(seconds() * 10) / 10,
  };
}

/** Days on which both endpoints answered and the truth is known; "same as yesterday" is the close they were given. */
async function judgedDays(client: Client): Promise<Judged[]> {
  const [loop, frozen] = await Promise.all(['forecast', 'frozen'].map((name) => answered(client, name)));
  return [...(loop ?? new Map<number, PredictionRecord>())].flatMap(([time, record]) => {
    const other = frozen?.get(time);
    const truth = record.outcome;
    if (truth === null || other?.prediction == null || record.prediction === null) return [];
    const naive = Number(other.features.close);
    return [
      {
        month: new Date(time).toISOString().slice(0, 7),
        loop: Math.abs(record.prediction - truth),
        frozen: Math.abs(other.prediction - truth),
        naive: Math.abs(naive - truth),
      },
    ];
  });
}

/** The last live answer per day. */
async function answered(client: Client, name: string): Promise<Map<number, PredictionRecord>> {
  const { items } = await client.predictions.list({ name, limit: 10_000 });
  const live = items
    .filter((item) => item.role === 'live')
    .sort((a, b) => a.eventTime - b.eventTime || a.at - b.at);
  return new Map(live.map((item) => [item.eventTime, item]));
}

function byMonth(days: readonly Judged[]) {
  const months = [...new Set(days.map((day) => day.month))].sort();
  return months.map((month) => {
    const own = days.filter((day) => day.month === month);
    return { month, loop: meanOf(own, 'loop'), frozen: meanOf(own, 'frozen'), naive: meanOf(own, 'naive') };
  });
}

const meanOf = (days: readonly Judged[], key: 'loop' | 'frozen' | 'naive'): number =>
  days.length === 0 ? Number.NaN : days.reduce((sum, day) => sum + day[key], 0) / days.length;

export function tellReport(report: Report): void {
  tell('report', "mean absolute error per month, in the price's own unit");
  add('month      loop   frozen   naive');
  const all = { month: 'all    ', ...report.mae };
  for (const row of [...report.months, all]) {
    add(
      `${row.month}  ${[row.loop, row.frozen, row.naive].map((value) => fixed(value).padStart(6)).join('  ')}`,
    );
  }
  add(
    `promoted ${report.promotions}, refused ${report.gateRejections}, rolled back ${report.rollbacks}, loop runs ${report.loopRuns}, answered by the rule ${report.fallbacks}`,
  );
  add(`alerts ${report.driftAlerts}; false alarms of the control: ${report.controlDriftAlerts}`);
  add(
    `value by the stated rule (a dollar of error costs a dollar on each of ${shares} shares): ${Math.round(report.valueUsd).toLocaleString('en-US')} against the frozen model`,
  );
  add(
    `forecaster@1 rebuilt from its bundle in an empty folder: equal ${report.reproduced}; with one price changed: ${report.tamperedReproduced}`,
  );
  add(honestLine(report.mae));
}

function honestLine({ loop, frozen, naive }: Report['mae']): string {
  const verdict =
    loop < naive * 0.98
      ? 'the loop is ahead of'
      : loop > naive * 1.02
        ? 'the loop is behind'
        : 'the loop is level with';
  return `Honestly: on price hardly anybody beats yesterday, and here ${verdict} it (${fixed(loop)} against ${fixed(naive)}). What the loop is worth is the distance to the frozen model: ${fixed(frozen)}.`;
}

export async function writeReport(folder: string, report: Report): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'report.json');
  await writeFile(path, `${JSON.stringify(report, null, 2)}\n`);
  return path;
}
