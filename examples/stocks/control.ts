import type { Client } from '@tidemill/sdk';
import { add, tell } from './narrator.ts';
import { type PriceRow, readRows, toTime } from './prices.ts';

export interface ControlDay {
  /** The features of a training day drawn at random, without key and label. */
  readonly features: Readonly<Record<string, number>>;
  readonly truth: number;
}

/** Training days of the first model, drawn again and again: whatever an honest monitor sees here is nothing. */
export async function drawControlDays(
  client: Client,
  features: readonly string[],
  target: string,
  count: number,
): Promise<ControlDay[]> {
  const days = await readRows<Record<string, number>>(client, 'forecaster-days', '1');
  const random = seeded(2023);
  return Array.from({ length: count }, () => {
    const day = days[Math.floor(random() * days.length)] ?? {};
    return {
      features: Object.fromEntries(features.map((name) => [name, Number(day[name])])),
      truth: Number(day[target]),
    };
  });
}

/** One control day through the public API: a prediction now, its truth on the next day. */
export async function playControlDay(client: Client, day: ControlDay, at: number): Promise<void> {
  await client.endpoints.predict({
    name: 'control',
    records: [{ symbol: 'CONTROL', ...day.features }],
    eventTime: at,
  });
}

export async function recordControlTruth(client: Client, day: ControlDay, at: number): Promise<void> {
  const outcome = { entity: { symbol: 'CONTROL' }, eventTime: at, value: day.truth };
  await client.predictions.recordOutcomes({ name: 'control', outcomes: [outcome] });
}

/** `--control`: the control endpoint alone, as fast as it goes. */
export async function playControl(
  client: Client,
  days: readonly PriceRow[],
  drawn: readonly ControlDay[],
): Promise<void> {
  tell('control', `${drawn.length} days drawn again from the training days`);
  for (const [i, row] of days.entries()) {
    const day = drawn[i];
    if (!day) break;
    await playControlDay(client, day, toTime(row.date));
    await recordControlTruth(client, day, toTime(row.date));
  }
  for (const monitor of ['control-range', 'control-drift']) {
    const { results } = await client.monitoring.check({ name: monitor });
    for (const result of results)
      add(
        `${monitor} ${result.column}: ${result.statistic} ${result.value.toPrecision(3)}, alarm from ${result.threshold.toPrecision(3)}`,
      );
  }
  const { items } = await client.alerts.list({ endpoint: 'control' });
  add(`drift alerts: ${items.length}`);
}

/** mulberry32: the same days are drawn in every run. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
