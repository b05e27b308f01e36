import type { Role } from '@tidemill/contract';
import { type Command, Option } from 'commander';
import { sessionOf } from '../session.ts';
import { formatTime } from '../table.ts';

const roles = ['viewer', 'editor', 'approver', 'operator', 'admin', 'invoker'];
const roleOption = () => new Option('--role <role>', 'what it may do').choices(roles).makeOptionMandatory();

export function addAccessCommands(program: Command): void {
  addTokens(program.command('tokens').description('tokens for programs and people'));
  addUsers(program.command('users').description('named users'));
  program
    .command('audit')
    .description('who did what, newest first')
    .option('--subject <uri>', 'only this thing, e.g. model:forecaster@1')
    .option('--action <action>', 'only this action, e.g. endpoint.released')
    .option('--limit <number>', 'rows', Number, 50)
    .action(async (options: { subject?: string; action?: string; limit: number }, command: Command) => {
      const session = sessionOf(command);
      const { items } = await session.client.access.listAudit(options);
      session.list(
        items,
        {
          at: (e) => formatTime(e.at),
          actor: (e) => e.actor,
          action: (e) => e.action,
          subject: (e) => e.subject,
          detail: (e) => JSON.stringify(e.detail).slice(0, 80),
        },
        'Nothing has happened yet.',
      );
    });
  program
    .command('lineage <uri>')
    .description('what a thing came from and what came of it')
    .action(async (uri: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const reply = await session.client.access.lineage({ uri });
      session.show(reply, ({ upstream, downstream }) => [
        ...upstream.map((edge) => `<- ${edge.from}  (${edge.relation})  -> ${edge.to}`),
        ...downstream.map((edge) => `-> ${edge.to}  (${edge.relation} of ${edge.from})`),
        ...(upstream.length + downstream.length === 0 ? [`Nothing is recorded about ${uri}.`] : []),
      ]);
    });
}

function addTokens(tokens: Command): void {
  tokens
    .command('create <name>')
    .description('create a token; its secret is printed once')
    .addOption(roleOption())
    .option('--user <name>', 'act as this user')
    .option('--expires-in-days <days>', 'default: never', Number)
    .action(
      async (
        name: string,
        options: { role: Role; user?: string; expiresInDays?: number },
        command: Command,
      ) => {
        const session = sessionOf(command);
        session.show(await session.client.access.createToken({ name, ...options }), (reply) => reply.secret);
      },
    );
  tokens
    .command('list')
    .description('list tokens, without secrets')
    .action(async (_options: object, command: Command) => {
      const session = sessionOf(command);
      const { items } = await session.client.access.listTokens();
      session.list(
        items,
        {
          id: (t) => t.id,
          name: (t) => t.name,
          role: (t) => t.role,
          actor: (t) => t.actor,
          created: (t) => formatTime(t.createdAt),
          expires: (t) => formatTime(t.expiresAt),
          used: (t) => formatTime(t.lastUsedAt),
          revoked: (t) => formatTime(t.revokedAt),
        },
        'No tokens. Create one: tidemill tokens create ci --role editor',
      );
    });
  tokens
    .command('revoke <id>')
    .description('revoke a token')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.access.revokeToken({ id }), () => `Revoked ${id}.`);
    });
}

function addUsers(users: Command): void {
  users
    .command('create <name>')
    .description('create a named user')
    .addOption(roleOption())
    .action(async (name: string, options: { role: Role }, command: Command) => {
      const session = sessionOf(command);
      session.show(
        await session.client.access.createUser({ name, role: options.role }),
        (user) => `Created user ${user.name} (${user.role}).`,
      );
    });
  users
    .command('list')
    .description('list users')
    .action(async (_options: object, command: Command) => {
      const session = sessionOf(command);
      const { items } = await session.client.access.listUsers();
      session.list(
        items,
        { name: (u) => u.name, role: (u) => u.role, created: (u) => formatTime(u.createdAt) },
        'No named users; on this machine you are the owner.',
      );
    });
}
