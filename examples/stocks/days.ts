import { type Client, type Rollout, TidemillClientError, waitFor } from '@tidemill/sdk';
import { type ControlDay, playControlDay, recordControlTruth } from './control.ts';
import { add, fixed, note, tell } from './narrator.ts';
import type { Stage } from './opening.ts';
import { type PriceRow, toLines, toTime } from './prices.ts';
import type { Watcher } from './watcher.ts';

export interface Days extends Stage {
  readonly days: readonly PriceRow[];
  readonly control: readonly ControlDay[];
  readonly watcher: Watcher;
  readonly dayMs: number;
}

interface Incidents {
  /** Day numbers at which something is done to the system. */
  readonly kill: number;
  readonly badRelease: number;
}

const served = ['forecast', 'frozen'];

/** Lines 6 to 9: every trading day through the public API, outcomes one day late. */
export async function playDays(stage: Days): Promise<{ rollbackSeconds: number | null }> {
  const { client, days, control, watcher } = stage;
  const incidents: Incidents = {
    kill: Math.floor(days.length * 0.06),
    badRelease: Math.floor(days.length * 0.72),
  };
  tell(
    'days',
    `${days.length} trading days from ${days[0]?.date} to ${days.at(-1)?.date}, truth one day late`,
  );
  let rollbackSeconds: number | null = null;
  for (const [i, row] of days.entries()) {
    const startedAt = performance.now();
    watcher.today = row.date;
    const before = days[i - 1];
    await Promise.all([openDay(client, row), before && recordTruth(client, before, row, control[i - 1])]);
    if (i === incidents.kill) await killRuntime(stage, row);
    await predict(client, row, control[i]);
    if (i === incidents.badRelease) rollbackSeconds = await releaseBadFeature(stage, row, days[i + 1]);
    await pause(stage.dayMs - (performance.now() - startedAt));
  }
  return { rollbackSeconds };
}

/** The day's prices become a dataset version, its features go online. */
async function openDay(client: Client, row: PriceRow): Promise<void> {
  await client.datasets.commit({
    name: 'prices',
    format: 'ndjson',
    mode: 'append',
    content: toLines([row]),
    message: row.date,
  });
  await client.features.materialize({ name: 'price_stats', version: '1' });
}

async function recordTruth(
  client: Client,
  before: PriceRow,
  today: PriceRow,
  control: ControlDay | undefined,
): Promise<void> {
  const outcome = {
    entity: { symbol: before.symbol },
    eventTime: toTime(before.date),
    value: today.close,
    observedAt: toTime(today.date),
  };
  await Promise.all([
    ...served.map((name) => client.predictions.recordOutcomes({ name, outcomes: [outcome] })),
    control && recordControlTruth(client, control, toTime(before.date)),
  ]);
}

async function predict(client: Client, row: PriceRow, control: ControlDay | undefined): Promise<void> {
  const eventTime = toTime(row.date);
  await Promise.all([
    ...served.map((name) => client.endpoints.predict({ name, records: [{ symbol: row.symbol }], eventTime })),
    control && playControlDay(client, control, eventTime),
  ]);
}

/** The child process that runs the model is killed while requests come in: the rule answers, then the model again. */
async function killRuntime({ client }: Days, row: PriceRow): Promise<void> {
  const { runtimes } = await client.endpoints.get({ name: 'forecast' });
  const pid = runtimes.find((runtime) => runtime.pid !== null)?.pid;
  if (!pid) return note(row.date, 'the model runs in process: there is no child to kill');
  const request = () =>
    client.endpoints.predict({
      name: 'forecast',
      records: [{ symbol: row.symbol }],
      eventTime: toTime(row.date),
    });
  const load = Array.from({ length: 40 }, (_unused, i) => pause(1 + i * 5).then(request));
  await pause(60);
  process.kill(pid, 'SIGKILL');
  const sources = (await Promise.all(load)).flatMap((reply) =>
    reply.predictions.map((prediction) => prediction.source),
  );
  const startedAt = performance.now();
  await waitFor(request, (reply) => reply.predictions[0]?.source === 'model', {
    what: 'the model to answer again',
    timeoutMs: 20_000,
  });
  const byRule = sources.filter((source) => source === 'fallback').length;
  note(
    row.date,
    `SIGKILL of the model's process ${pid} under load: 40 of 40 answered, ${byRule} by the rule; the model is back ${fixed((performance.now() - startedAt) / 1000)} s after the load`,
  );
}

/** Line 9, announced: the live model with a feature service that takes a view whose close is a hundred times too large. */
async function releaseBadFeature(
  stage: Days,
  row: PriceRow,
  tomorrow: PriceRow | undefined,
): Promise<number | null> {
  const { client, project } = stage;
  const view = project.featureViews?.price_stats;
  const service = project.featureServices?.next_close;
  if (!view || !service || !tomorrow) return null;
  const broken = await client.features.put({
    name: 'price_stats',
    ...view,
    sql: view.sql?.replace('event_time, close,', 'event_time, close * 100 as close,'),
  });
  await client.features.materialize({ name: 'price_stats', version: String(broken.version) });
  const scaled = await client.featureServices.put({ name: 'next_close', ...service });
  const { live } = await client.endpoints.get({ name: 'forecast' });
  const model = live.variants[0]?.model ?? 'forecaster@champion';
  tell(
    'bad release',
    `announced: ${model} with ${scaled.reference}, which takes ${broken.reference}, whose close is scaled by 100, goes to canary on ${row.date}`,
  );
  const startedAt = performance.now();
  const rollout = await startAlone(client, {
    endpoint: 'forecast',
    candidate: model,
    service: scaled.reference,
    stage: 'canary',
    policy: { canaryWeight: 0.1, guardRatio: 5 },
    reason: 'new feature pipeline',
  });
  await predict(client, row, undefined);
  await recordTruth(client, row, tomorrow, undefined);
  const ended = await waitFor(
    () => client.rollouts.get({ id: rollout.id }),
    (found) => found.finishedAt !== null,
    { what: 'the bad release to be taken back', timeoutMs: 10_000 },
  ).catch(() => null);
  if (!ended) {
    await client.rollouts.rollBack({ id: rollout.id, reason: 'it did no measurable harm, but it is wrong' });
    add('its one answer did no measurable harm (this model is bounded): taken back by hand');
    return null;
  }
  const took = (performance.now() - startedAt) / 1000;
  add(`${ended.stage} after ${fixed(took)} s: ${ended.timeline.at(-1)?.text ?? ''}`);
  return took;
}

/** One rollout per endpoint at a time; the loop may have one under way, which gives way to the announced release. */
async function startAlone(
  client: Client,
  release: Parameters<Client['rollouts']['start']>[0],
): Promise<Rollout> {
  for (let attempt = 1; ; attempt++) {
    const { items } = await client.rollouts.list({ endpoint: release.endpoint });
    const active = items.find((rollout) => rollout.finishedAt === null);
    if (active)
      await client.rollouts.rollBack({ id: active.id, reason: 'makes room for the announced release' });
    try {
      return await client.rollouts.start(release);
    } catch (error) {
      const isTaken = error instanceof TidemillClientError && error.status === 409;
      if (!isTaken || attempt === 5) throw error;
    }
  }
}

const pause = (ms: number): Promise<void> =>
  ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve();
