import type { EventSink, eventSinksEndpoints, Input } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Secrets } from '../../access/secrets/service.ts';
import { type Db, transact } from '../../adapters/db/db.ts';
import type { Attempt, CloudEvent, CloudEventsBody, Notifier } from '../../adapters/notify/notify.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import type { Logger } from '../../base/logger.ts';
import type { Family } from '../../base/metrics/metrics.ts';
import { toUri } from '../../base/references.ts';
import { activeTraceparent } from '../../base/tracing.ts';
import type { Events } from '../../platform/events/service.ts';
import type { LoggedPrediction } from '../predictions/service.ts';
import { createSinkQueue, type SinkQueue } from './queue.ts';
import { type StoredSink, secretAddress, toCloudEvent } from './rules.ts';
import { sinkStore } from './store.ts';

export interface EventSinksDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly changes: Changes;
  readonly events: Pick<Events, 'on' | 'subscribe'>;
  readonly secrets: Pick<Secrets, 'find' | 'put' | 'delete'>;
  /** Speaks CloudEvents. */
  readonly sender: Notifier;
  /** @throws endpointNotFound */
  readonly assertEndpoint: (name: string, workspace: string) => void;
}

type Contract = typeof eventSinksEndpoints;

interface Sink {
  readonly stored: StoredSink;
  readonly queue: SinkQueue<CloudEvent>;
}

const batchSize = 100;
const graceMs = 2000;
const changed = ['endpoint.sinkSet', 'endpoint.sinkRemoved'];

/** Predictions told to one address per endpoint, as CloudEvents. The log is the truth; what is told may be lost, and is counted. */
export function createEventSinks(deps: EventSinksDependencies) {
  const { db, clock, changes, secrets, sender, logger } = deps;
  const sinks = new Map<string, Sink>();
  const keyOf = (workspace: string, endpoint: string) => `${workspace}/${endpoint}`;
  let unsubscribe = () => {};

  function open(stored: StoredSink): Sink {
    const { workspace, endpoint, url, mode, hasSecret } = stored;
    async function send(events: readonly CloudEvent[], signal: AbortSignal): Promise<Attempt> {
      const body: CloudEventsBody = { mode, events };
      const message = { url, event: 'predictions', body, deliveryId: newId('delivery'), signal };
      if (!hasSecret) return sender.attempt(message);
      try {
        const secret = await secrets.find(secretAddress(workspace, endpoint));
        if (secret !== null) return await sender.attempt({ ...message, secret });
        return unsigned('its signing secret is gone');
      } catch (error) {
        return unsigned(error instanceof Error ? error.message : String(error));
      }
    }
    return { stored, queue: createSinkQueue({ send, batch: mode === 'batch' ? batchSize : 1 }) };
  }

  /** As it is in the database; another server may have changed it. */
  async function reload(): Promise<void> {
    const all = await sinkStore(db).listAll();
    const found = new Map(all.map((stored) => [keyOf(stored.workspace, stored.endpoint), stored]));
    for (const [key, sink] of sinks) {
      if (found.get(key)?.updatedAt === sink.stored.updatedAt) continue;
      sinks.delete(key);
      void sink.queue.close(graceMs);
    }
    for (const [key, stored] of found) if (!sinks.has(key)) sinks.set(key, open(stored));
  }

  function get(name: string, workspace: string): Sink {
    deps.assertEndpoint(name, workspace);
    const sink = sinks.get(keyOf(workspace, name));
    if (!sink) throw errors.eventSinkNotFound({ endpoint: name });
    return sink;
  }

  async function remove(workspace: string, endpoint: string, tx: Db): Promise<boolean> {
    await secrets.delete(tx, secretAddress(workspace, endpoint));
    return sinkStore(tx).delete(workspace, endpoint);
  }

  deps.events.on('event-sinks', ['endpoint.deleted'], async ({ workspace, payload, createdAt }) => {
    const endpoint = String(payload.endpoint);
    const found = await sinkStore(db).find(workspace, endpoint);
    // One that is younger is of a new endpoint with the same name. Another server may have removed it before us.
    if (found && found.createdAt <= createdAt) await transact(db, (tx) => remove(workspace, endpoint, tx));
    if (sinks.has(keyOf(workspace, endpoint))) await reload();
  });

  return {
    /** Takes the predictions of one endpoint, from the hot path. */
    tap(workspace: string, endpoint: string): (prediction: LoggedPrediction) => void {
      const key = keyOf(workspace, endpoint);
      return (prediction) => {
        if (sinks.size === 0) return;
        const sink = sinks.get(key);
        if (!sink) return;
        sink.queue.add(toCloudEvent(endpoint, sink.stored.content, prediction, activeTraceparent()));
      };
    },

    async put(input: Input<Contract['put']>, caller: Caller): Promise<EventSink> {
      const { name: endpoint, url, mode = 'batch', content = 'full', secret } = input;
      const { workspace, actor } = caller;
      deps.assertEndpoint(endpoint, workspace);
      await sender.assertAllowed(url);
      const before = sinks.get(keyOf(workspace, endpoint))?.stored;
      const now = Math.max(clock.now(), (before?.updatedAt ?? 0) + 1);
      const hasSecret = secret === undefined ? (before?.hasSecret ?? false) : secret !== null;
      const stored: StoredSink = {
        ...{ workspace, endpoint, url, mode, content, hasSecret },
        ...{ createdAt: before?.createdAt ?? now, updatedAt: now, updatedBy: actor },
      };
      await changes.run(caller, async (tx, record) => {
        await sinkStore(tx).put(stored);
        const address = secretAddress(workspace, endpoint);
        if (secret) await secrets.put(tx, address, secret);
        else if (secret === null) await secrets.delete(tx, address);
        const detail = { endpoint, host: URL.parse(url)?.host ?? '', mode, content, hasSecret };
        record({ action: 'endpoint.sinkSet', subject: toUri('endpoint', endpoint), detail });
      });
      await reload();
      return toContract(get(endpoint, workspace));
    },

    get: (input: { name: string }, caller: Caller): EventSink =>
      toContract(get(input.name, caller.workspace)),

    async delete({ name }: { name: string }, caller: Caller): Promise<Record<string, never>> {
      get(name, caller.workspace);
      await changes.run(caller, async (tx, record) => {
        await remove(caller.workspace, name, tx);
        const subject = toUri('endpoint', name);
        record({ action: 'endpoint.sinkRemoved', subject, detail: { endpoint: name } });
      });
      await reload();
      return {};
    },

    /** What Prometheus reads of the sinks. */
    metrics: (): Family[] => [
      {
        name: 'tidemill_event_sink_events_total',
        help: 'Predictions told to the event sink of their endpoint, and those that were lost',
        type: 'counter',
        collect: () =>
          [...sinks.values()].flatMap(({ stored: { workspace, endpoint }, queue }) => {
            const { delivered, lost } = queue.counts();
            return Object.entries({ delivered, lost }).map(([state, value]) => ({
              labels: { workspace, endpoint, state },
              value,
            }));
          }),
      },
      {
        name: 'tidemill_event_sink_waiting',
        help: 'Predictions that wait to be told, bounded at 10000 for each endpoint',
        type: 'gauge',
        collect: () =>
          [...sinks.values()].map(({ stored: { workspace, endpoint }, queue }) => ({
            labels: { workspace, endpoint },
            value: queue.counts().waiting,
          })),
      },
    ],

    async start(): Promise<void> {
      await reload();
      unsubscribe = deps.events.subscribe(({ kind }) => {
        if (changed.includes(kind))
          reload().catch((error) => logger.error({ err: error }, 'event sinks could not be read'));
      });
    },

    async stop(): Promise<void> {
      unsubscribe();
      await Promise.all([...sinks.values()].map(({ queue }) => queue.close(graceMs)));
    },
  };
}

export type EventSinks = ReturnType<typeof createEventSinks>;

/** A message is never sent unsigned because its secret does not open. */
const unsigned = (reason: string): Attempt => ({
  ...{ isDelivered: false, status: null, reason, isWorthRepeating: true, retryAfterMs: null },
});

const toContract = ({ stored: { workspace: _, ...sink }, queue }: Sink): EventSink => ({
  ...sink,
  counts: queue.counts(),
});
