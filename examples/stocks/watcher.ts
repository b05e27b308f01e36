import { type Client, type ClientOptions, type Event, follow } from '@tidemill/sdk';
import { fixed, note } from './narrator.ts';

/** Tells what the server does by itself, as its events come in. */
export interface Watcher {
  today: string;
  /** Loop runs, rollouts and alerts as they were told; the report reads them again from the server. */
  readonly seen: Set<string>;
  stop(): Promise<void>;
}

const kinds = ['alert.opened', 'alert.resolved', 'rollout.advanced', 'loop.advanced', 'endpoint.rolled-back'];

export function watch(options: ClientOptions, client: Client): Watcher {
  const controller = new AbortController();
  const watcher = { today: '', seen: new Set<string>(), stop };
  const reading = read();

  async function read(): Promise<void> {
    for await (const event of follow({ ...options, kinds, signal: controller.signal })) {
      const text = await describe(client, event);
      if (text && !watcher.seen.has(text)) note(watcher.today, text);
      if (text) watcher.seen.add(text);
    }
  }

  async function stop(): Promise<void> {
    controller.abort();
    await reading;
  }

  return watcher;
}

async function describe(client: Client, event: Event): Promise<string | null> {
  if (event.kind === 'alert.opened') return describeAlert(client, String(event.payload.id));
  if (event.kind === 'alert.resolved') return `alert resolved: ${event.payload.title ?? event.subject}`;
  if (event.kind === 'rollout.advanced') {
    const rollout = await client.rollouts.get({ id: String(event.payload.id) });
    return `${rollout.candidate} ${rollout.stage}: ${rollout.timeline.at(-1)?.text ?? ''}`;
  }
  if (event.kind === 'loop.advanced') {
    const run = await client.retraining.get({ id: String(event.payload.id) });
    const step = run.steps.at(-1);
    return step ? `loop run, ${step.name}: ${step.text}` : null;
  }
  return null;
}

/** The first cause gave the alert its title; its newest rows say which days it speaks of. */
async function describeAlert(client: Client, id: string): Promise<string> {
  const alert = await client.alerts.get({ id });
  const rows = (alert.causes[0]?.rows ?? [])
    .slice(0, 3)
    .map(({ eventTime, value }) => `${toDay(eventTime)}: ${fixed(Number(value))}`);
  return `ALERT on ${alert.endpoint}: ${alert.title}${rows.length > 0 ? `; rows ${rows.join(', ')}` : ''}`;
}

const toDay = (time: unknown): string => new Date(Number(time)).toISOString().slice(0, 10);
