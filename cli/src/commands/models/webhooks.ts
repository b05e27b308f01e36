import type { Webhook, WebhookEvent, WebhookTest } from '@tidemill/contract';
import { type Command, Option } from 'commander';
import { failures } from '../../failure.ts';
import { readText } from '../../files.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { toNames } from '../../parse.ts';
import { type Session, sessionOf, setVerdict } from '../../session.ts';
import { formatTime } from '../../table.ts';

const events: readonly WebhookEvent[] = [
  'registered_model.created',
  'model_version.created',
  'model_version_tag.set',
  'model_version_tag.deleted',
  'model_version_alias.created',
  'model_version_alias.deleted',
];
const eventsHelp = `what it hears of: ${events.join(', ')}`;

interface Given {
  readonly to?: string;
  readonly events?: string[];
  readonly description?: string;
  readonly secretFile?: string;
}

export function addWebhooksCommands(program: Command): void {
  const webhooks = program
    .command('webhooks')
    .description('web addresses that are told of changes in the model registry');
  addList(webhooks);
  addCreate(webhooks);
  addShow(webhooks);
  addUpdate(webhooks);
  addDelete(webhooks);
  addTest(webhooks);
  addDeliveries(webhooks);
}

/** Never from the command line itself: that stands in the shell's history and the list of processes. */
async function readSecret(path: string): Promise<string> {
  const secret = (await readText(path)).replace(/\r?\n$/, '');
  if (secret === '') throw failures.optionMissing('--secret-file', `${path} is empty.`);
  return secret;
}

async function toBody({ to, events: names, description, secretFile }: Given) {
  return {
    ...(to !== undefined && { url: to }),
    ...(names !== undefined && { events: names as WebhookEvent[] }),
    ...(description !== undefined && { description }),
    ...(secretFile !== undefined && { secret: await readSecret(secretFile) }),
  };
}

function addList(webhooks: Command): void {
  const list = webhooks
    .command('list')
    .description('webhooks, newest first')
    .addOption(limitOption())
    .action(async ({ limit }: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(limit, (page) => session.client.webhooks.list(page));
      session.list(
        items,
        {
          id: (w) => w.id,
          name: (w) => w.name,
          status: (w) => w.status,
          url: (w) => w.url,
          events: (w) => w.events.join(' '),
          signed: (w) => (w.hasSecret ? 'yes' : 'no'),
        },
        'No webhooks. Create one: tidemill webhooks create ci --to https://… --events model_version.created',
      );
    });
  example(list, 'webhooks list');
}

function addCreate(webhooks: Command): void {
  const create = webhooks
    .command('create <name>')
    .description('tell an address of changes in the model registry')
    .requiredOption('--to <url>', 'a public https address')
    .requiredOption('--events <names>', eventsHelp, toNames)
    .option('--description <text>', 'what it is for')
    .option('--secret-file <file>', 'signs messages with what the file holds; - is standard input')
    .option('--disabled', 'create it, and tell it nothing yet')
    .action(async (name: string, options: Given & { disabled?: boolean }, command: Command) => {
      const session = sessionOf(command);
      const { to: url = '', events: names = [], ...rest } = options;
      const body = { ...(await toBody(rest)), url, events: names as WebhookEvent[] };
      const status = options.disabled ? ('disabled' as const) : ('active' as const);
      const webhook = await session.client.webhooks.create({ name, ...body, status });
      session.show(webhook, (w) => `Created ${w.id} (${w.name}).`);
    });
  example(
    create,
    'webhooks create ci --to https://ci.example.org/hook --events model_version.created --secret-file hook.secret',
  );
}

const describeWebhook = (webhook: Webhook): string[] => [
  `${webhook.id}  ${webhook.name}  ${webhook.status}  ${webhook.description}`.trimEnd(),
  `url      ${webhook.url}`,
  `events   ${webhook.events.join(' ')}`,
  `signed   ${webhook.hasSecret ? 'yes' : 'no'}`,
  `created  ${formatTime(webhook.createdAt)} by ${webhook.createdBy}`,
  `changed  ${formatTime(webhook.updatedAt)}`,
];

function addShow(webhooks: Command): void {
  const show = webhooks
    .command('show <id>')
    .description('one webhook, without its secret')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.webhooks.get({ id }), describeWebhook);
    });
  example(show, 'webhooks show webhook_01a208be41787d35aee88ad34ccf8a01');
}

interface Change extends Given {
  readonly name?: string;
  readonly status?: 'active' | 'disabled';
  readonly unsigned?: boolean;
}

function addUpdate(webhooks: Command): void {
  const update = webhooks
    .command('update <id>')
    .description('change what is given; the rest stays')
    .option('--name <name>', 'another name')
    .option('--to <url>', 'another address')
    .option('--events <names>', eventsHelp, toNames)
    .option('--description <text>', 'what it is for')
    .addOption(
      new Option('--status <status>', 'disabled cancels what it is still owed').choices([
        'active',
        'disabled',
      ]),
    )
    .option('--secret-file <file>', 'another secret; - is standard input')
    .addOption(new Option('--unsigned', 'forget the secret').conflicts('secretFile'))
    .action(async (id: string, options: Change, command: Command) => {
      const session = sessionOf(command);
      const { name, status, unsigned } = options;
      const change = { ...(await toBody(options)), name, status, ...(unsigned && { secret: null }) };
      session.show(await session.client.webhooks.update({ id, ...change }), describeWebhook);
    });
  example(update, 'webhooks update webhook_01a208be41787d35aee88ad34ccf8a01 --status disabled');
}

function addDelete(webhooks: Command): void {
  const remove = webhooks
    .command('delete <id>')
    .description('delete a webhook with its secret and its deliveries')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.webhooks.delete({ id }), () => `Deleted ${id}.`);
    });
  example(remove, 'webhooks delete webhook_01a208be41787d35aee88ad34ccf8a01');
}

function addTest(webhooks: Command): void {
  const test = webhooks
    .command('test <id>')
    .description('send an example message now, once; exit code 2 when it was not taken')
    .option('--event <name>', 'the example to send (default: its first event)')
    .action(async (id: string, options: { event?: string }, command: Command) => {
      const session = sessionOf(command);
      await showTest(session, { id, event: options.event as WebhookEvent | undefined });
    });
  example(test, 'webhooks test webhook_01a208be41787d35aee88ad34ccf8a01');
}

async function showTest(
  session: Session,
  request: { id: string; event?: WebhookEvent | undefined },
): Promise<void> {
  const tested: WebhookTest = await session.client.webhooks.test(request);
  session.show(tested, ({ success, status, error }) =>
    success ? `Taken with ${status}.` : `Not taken: ${error}.`,
  );
  setVerdict(tested.success);
}

function addDeliveries(webhooks: Command): void {
  const deliveries = webhooks
    .command('deliveries <id>')
    .description('what it was told and was not, and why, newest first')
    .addOption(limitOption())
    .action(async (id: string, { limit }: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(limit, (page) => session.client.webhooks.listDeliveries({ id, ...page }));
      session.list(
        items,
        {
          at: (d) => formatTime(d.createdAt),
          event: (d) => d.event,
          subject: (d) => d.subject,
          state: (d) => d.state,
          attempts: (d) => d.attempts,
          status: (d) => d.status,
          error: (d) => d.error,
          'next try': (d) => formatTime(d.nextTryAt),
        },
        'It was not told anything yet.',
      );
    });
  example(deliveries, 'webhooks deliveries webhook_01a208be41787d35aee88ad34ccf8a01');
}
