/** What the registry's events are in MLflow's words: entity, action and the data its receivers read. */
import type { WebhookEvent } from '@tidemill/contract';

type Fields = Readonly<Record<string, unknown>>;

/** An event of the registry as the outbox has it. */
export interface RegistryEvent {
  readonly kind: string;
  readonly payload: Fields;
  readonly createdAt: number;
}

export interface WebhookMessage {
  readonly event: WebhookEvent;
  readonly message: Fields;
}

interface Mapping {
  readonly event: WebhookEvent;
  readonly toData: (payload: Fields) => Fields;
}

const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const textOrNull = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** Tags as MLflow's receivers take them, from a record or from a list of keys and values. */
function toTags(tags: unknown): Record<string, string> {
  if (Array.isArray(tags))
    return Object.fromEntries(tags.map((tag: Fields) => [text(tag.key), text(tag.value)]));
  const entries = typeof tags === 'object' && tags !== null ? Object.entries(tags) : [];
  return Object.fromEntries(entries.map(([key, value]) => [key, text(value)]));
}

const described = (payload: Fields): Fields => ({
  tags: toTags(payload.tags),
  description: textOrNull(payload.description),
});
const versionOf = ({ name, version }: Fields): Fields => ({ name: text(name), version: text(version) });

const mappings: Readonly<Record<string, Mapping>> = {
  'model.created': {
    event: 'registered_model.created',
    toData: (payload) => ({ name: text(payload.name), ...described(payload) }),
  },
  'model.registered': {
    event: 'model_version.created',
    toData: (payload) => ({
      ...versionOf(payload),
      source: text(payload.source),
      run_id: textOrNull(payload.runId),
      ...described(payload),
    }),
  },
  'model.transitioned': {
    event: 'model_version.transitioned',
    toData: ({ from, to, cause, reason, ...payload }) => ({
      ...versionOf(payload),
      ...{ from: text(from), to: text(to), cause: text(cause), reason: text(reason) },
    }),
  },
  'model.versionTagged': {
    event: 'model_version_tag.set',
    toData: (payload) => ({ ...versionOf(payload), key: text(payload.key), value: text(payload.value) }),
  },
  'model.versionUntagged': {
    event: 'model_version_tag.deleted',
    toData: (payload) => ({ ...versionOf(payload), key: text(payload.key) }),
  },
  'model.aliasSet': {
    event: 'model_version_alias.created',
    toData: ({ name, alias, version }) => ({ name: text(name), alias: text(alias), version: text(version) }),
  },
  'model.aliasDeleted': {
    event: 'model_version_alias.deleted',
    toData: ({ name, alias }) => ({ name: text(name), alias: text(alias) }),
  },
};

/** The kinds of the outbox that webhooks can hear of. */
export const heardKinds: readonly string[] = Object.keys(mappings);

export const webhookEvents: readonly WebhookEvent[] = Object.values(mappings).map(({ event }) => event);

/** What MLflow's client would not know how to read. */
export const isOurs = (event: WebhookEvent): boolean => event === 'model_version.transitioned';

/** Null for events that no webhook hears of. */
export function toMessage({ kind, payload, createdAt }: RegistryEvent): WebhookMessage | null {
  const mapping = mappings[kind];
  if (!mapping) return null;
  return { event: mapping.event, message: wrap(mapping.event, createdAt, mapping.toData(payload)) };
}

const example: Fields = {
  name: 'forecaster',
  version: '1',
  alias: 'champion',
  from: 'approved',
  to: 'serving',
  cause: 'endpoint.serves',
  reason: 'endpoint:forecast serves it',
  key: 'stage',
  value: 'tested',
  source: 'models:/m-0123456789abcdef0123456789abcdef',
  runId: '0123456789abcdef0123456789abcdef',
  tags: { team: 'demand' },
  description: 'An example, sent to test this webhook.',
};

/** What a webhook is tested with. */
export function toExample(event: WebhookEvent, now: number): Fields {
  const mapping = Object.values(mappings).find((each) => each.event === event);
  return wrap(event, now, mapping?.toData(example) ?? {});
}

function wrap(event: WebhookEvent, time: number, data: Fields): Fields {
  const [entity, action] = event.split('.');
  // With an offset instead of `Z`, which older Pythons do not read.
  return { entity, action, timestamp: new Date(time).toISOString().replace('Z', '+00:00'), data };
}
