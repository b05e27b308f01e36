import type { Permission, Webhook, WebhookEvent, WebhookStatus } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import { compact } from '../../http/mlflow/compact.ts';
import {
  type Fields,
  findEnum,
  findInteger,
  findText,
  getText,
  invalid,
  listFields,
  toFields,
  toPageSize,
} from '../../http/mlflow/fields.ts';
import { type Operation, read, write } from '../../http/mlflow/operations.ts';
import { isOurs, webhookEvents } from './messages.ts';
import type { Webhooks } from './service.ts';

const largestPage = 1000;
const defaultPage = 100;

const entities = [
  ...['REGISTERED_MODEL', 'MODEL_VERSION', 'MODEL_VERSION_TAG', 'MODEL_VERSION_ALIAS'],
  ...['PROMPT', 'PROMPT_VERSION', 'PROMPT_TAG', 'PROMPT_VERSION_TAG', 'PROMPT_ALIAS', 'BUDGET_POLICY'],
];
const actions = ['CREATED', 'UPDATED', 'DELETED', 'SET', 'EXCEEDED'];
const statuses = ['ACTIVE', 'DISABLED'];

const needs = (permission: Permission, operation: Operation): Operation => ({ ...operation, permission });

/** MLflow's webhooks, for its own client: as in MLflow, only an admin enters an address. */
export const webhooksMlflowOperations = (webhooks: Webhooks): Operation[] => [
  needs(
    'admin',
    write('webhooks', async (fields, caller) => {
      const [name, url] = [getText(fields, 'name'), getText(fields, 'url')];
      const description = findText(fields, 'description');
      const secret = findText(fields, 'secret') || undefined;
      const given = {
        name,
        url,
        description,
        secret,
        events: listEvents(fields),
        status: findStatus(fields),
      };
      return { webhook: toMlflow(await webhooks.create(given, caller)) };
    }),
  ),
  needs(
    'operate',
    read('GET', 'webhooks', async (fields, caller) => {
      const limit = toPageSize(findInteger(fields, 'max_results') || defaultPage, largestPage);
      const cursor = findText(fields, 'page_token') || undefined;
      const page = await webhooks.list({ limit, cursor }, caller);
      return compact({ webhooks: page.items.map(toMlflow), next_page_token: page.nextCursor });
    }),
  ),
  needs(
    'operate',
    read('GET', 'webhooks/:webhook_id', async (fields, caller) => ({
      webhook: toMlflow(await webhooks.get(toId(fields), caller)),
    })),
  ),
  needs('admin', write('webhooks/:webhook_id', updateWith(webhooks), { method: 'PATCH' })),
  needs(
    'admin',
    write('webhooks/:webhook_id', (fields, caller) => webhooks.delete(toId(fields), caller), {
      method: 'DELETE',
    }),
  ),
  needs(
    'operate',
    write('webhooks/:webhook_id/test', async (fields, caller) => {
      const event = fields.event ? toEvent(toFields(fields.event), 'event') : undefined;
      const { success, status, error } = await webhooks.test({ ...toId(fields), event }, caller);
      return { result: compact({ success, response_status: status, error_message: error }) };
    }),
  ),
];

/** What is absent or empty stays; an empty secret takes the old one away. */
function updateWith(webhooks: Webhooks): Operation['run'] {
  return async (fields, caller) => {
    const secret = findText(fields, 'secret');
    const events = listEvents(fields);
    const change = {
      ...toId(fields),
      name: findText(fields, 'name') || undefined,
      url: findText(fields, 'url') || undefined,
      description: findText(fields, 'description'),
      events: events.length > 0 ? events : undefined,
      status: findStatus(fields),
      secret: secret === '' ? null : secret,
    };
    return { webhook: toMlflow(await webhooks.update(change, caller)) };
  };
}

const toId = (fields: Fields): { id: string } => ({ id: getText(fields, 'webhook_id') });

const findStatus = (fields: Fields): WebhookStatus | undefined =>
  findEnum(fields, 'status', statuses)?.toLowerCase() as WebhookStatus | undefined;

const listEvents = (fields: Fields): WebhookEvent[] =>
  listFields(fields, 'events').map((event, index) => toEvent(event, `events[${index}]`));

/** @throws notImplemented for what only MLflow has (prompts), trackingValueInvalid for what nobody has */
function toEvent(fields: Fields, where: string): WebhookEvent {
  const entity = findEnum(fields, 'entity', entities);
  const action = findEnum(fields, 'action', actions);
  const name = `${entity}.${action}`.toLowerCase();
  const known = webhookEvents.find((event) => event === name && !isOurs(event));
  if (known) return known;
  if (entity?.startsWith('PROMPT') || entity === 'BUDGET_POLICY')
    throw errors.notImplemented({ what: `The webhook event ${name}` });
  throw invalid(where, `it is none of ${webhookEvents.filter((event) => !isOurs(event)).join(', ')}`);
}

const toMlflow = (webhook: Webhook): Record<string, unknown> =>
  compact({
    webhook_id: webhook.id,
    name: webhook.name,
    description: webhook.description || undefined,
    url: webhook.url,
    events: webhook.events
      .filter((event) => !isOurs(event))
      .map((event) => {
        const [entity = '', action = ''] = event.toUpperCase().split('.');
        return { entity, action };
      }),
    status: webhook.status.toUpperCase(),
    creation_timestamp: webhook.createdAt,
    last_updated_timestamp: webhook.updatedAt,
  });
