import { type Static, Type } from 'typebox';
import { byId, Done, literals, nullable, page, pageQuery, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

/** What a webhook can hear of; the words are MLflow's, as its receivers know them. */
export const WebhookEvent = literals(
  'registered_model.created',
  'model_version.created',
  'model_version.transitioned',
  'model_version_tag.set',
  'model_version_tag.deleted',
  'model_version_alias.created',
  'model_version_alias.deleted',
);
export type WebhookEvent = Static<typeof WebhookEvent>;
export const WebhookStatus = literals('active', 'disabled');
export type WebhookStatus = Static<typeof WebhookStatus>;

export const Webhook = Type.Object({
  id: Type.String(),
  name: Type.String(),
  url: Type.String(),
  description: Type.String(),
  events: Type.Array(WebhookEvent),
  status: WebhookStatus,
  /** Whether messages are signed; the secret itself is never shown. */
  hasSecret: Type.Boolean(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  createdBy: Type.String(),
});
export type Webhook = Static<typeof Webhook>;

/** One message to one webhook: what became of it, and when it is tried again. */
export const WebhookDelivery = Type.Object({
  id: Type.String({ description: 'as in the header X-MLflow-Delivery-Id' }),
  event: Type.String(),
  subject: Type.String({ description: 'uri of what changed' }),
  state: literals('pending', 'delivered', 'failed', 'cancelled'),
  attempts: Type.Integer(),
  /** Of the last answer; null when nothing answered. */
  status: nullable(Type.Integer()),
  /** Why the last attempt failed. */
  error: nullable(Type.String()),
  nextTryAt: nullable(Timestamp),
  createdAt: Timestamp,
  finishedAt: nullable(Timestamp),
});
export type WebhookDelivery = Static<typeof WebhookDelivery>;

export const WebhookTest = Type.Object({
  success: Type.Boolean(),
  status: nullable(Type.Integer()),
  error: nullable(Type.String()),
});
export type WebhookTest = Static<typeof WebhookTest>;

const text = Type.String({ maxLength: 5000 });
const secret = Type.String({ minLength: 1, maxLength: 1000 });
const definition = {
  name: text,
  url: text,
  events: Type.Array(WebhookEvent, { minItems: 1, maxItems: 100 }),
};

export const webhooksEndpoints = endpoints({
  create: {
    method: 'POST',
    path: '/api/v1/webhooks',
    permission: 'admin',
    summary: 'Tell a web address of changes in the model registry',
    body: strict({
      ...definition,
      description: Type.Optional(text),
      secret: Type.Optional(secret),
      status: Type.Optional(WebhookStatus),
    }),
    reply: Webhook,
    status: 201,
  },
  list: {
    method: 'GET',
    path: '/api/v1/webhooks',
    permission: 'operate',
    summary: 'List webhooks, newest first',
    query: strict(pageQuery),
    reply: page(Webhook),
  },
  get: {
    method: 'GET',
    path: '/api/v1/webhooks/:id',
    permission: 'operate',
    summary: 'Get a webhook, without its secret',
    params: byId,
    reply: Webhook,
  },
  update: {
    method: 'PATCH',
    path: '/api/v1/webhooks/:id',
    permission: 'admin',
    summary: 'Change a webhook; disabling it cancels what it has not been told yet',
    params: byId,
    body: strict({
      name: Type.Optional(definition.name),
      url: Type.Optional(definition.url),
      events: Type.Optional(definition.events),
      description: Type.Optional(text),
      /** Null: messages are no longer signed. */
      secret: Type.Optional(nullable(secret)),
      status: Type.Optional(WebhookStatus),
    }),
    reply: Webhook,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/webhooks/:id',
    permission: 'admin',
    summary: 'Delete a webhook with its secret and its deliveries',
    params: byId,
    reply: Done,
  },
  test: {
    method: 'POST',
    path: '/api/v1/webhooks/:id/test',
    permission: 'operate',
    summary: 'Send an example message now, once',
    params: byId,
    body: strict({ event: Type.Optional(WebhookEvent) }),
    reply: WebhookTest,
  },
  listDeliveries: {
    method: 'GET',
    path: '/api/v1/webhooks/:id/deliveries',
    permission: 'operate',
    summary: 'What a webhook was told and was not, newest first; the last 200 that ended are kept',
    params: byId,
    query: strict(pageQuery),
    reply: page(WebhookDelivery),
  },
});
