import type { Group, Role } from '@tidemill/contract';
import { Argument, type Command } from 'commander';
import { example, listUpTo } from '../../pages.ts';
import { sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';
import { mostListed, roles } from './roles.ts';

const groupLine = ({ name, members }: Group): string =>
  `${name}: ${members.length > 0 ? members.join(', ') : 'nobody yet'}`;

export function addGroups(groups: Command): void {
  const create = groups
    .command('create <name>')
    .description('create a group of users and tokens')
    .option('--description <text>', 'what it is for')
    .action(async (name: string, options: { description?: string }, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.groups.create({ name, ...options }), () => `Created group ${name}.`);
    });
  example(create, 'groups create risk --description "who lets models out"');
  const list = groups
    .command('list')
    .description('list groups with their members')
    .action(async (_options: object, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(mostListed, (page) => session.client.groups.list(page));
      session.list(
        items,
        {
          name: (g) => g.name,
          members: (g) => g.members.join(', ').slice(0, 80),
          description: (g) => g.description,
          created: (g) => formatTime(g.createdAt),
        },
        'No groups. Create one: tidemill groups create risk',
      );
    });
  example(list, 'groups list');
  const show = groups
    .command('show <name>')
    .description('a group and who is in it')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.groups.get({ name }), groupLine);
    });
  example(show, 'groups show risk');
  addMembers(groups);
}

/** A user's name stands for itself. */
const memberOf = (text: string): string => (text.includes(':') ? text : `user:${text}`);

function addMembers(groups: Command): void {
  const add = groups
    .command('add <name> <member>')
    .description('put a user or a token (token:NAME) into a group')
    .action(async (name: string, member: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.groups.addMember({ name, member: memberOf(member) }), groupLine);
    });
  example(add, 'groups add risk ada');
  const remove = groups
    .command('remove <name> <member>')
    .description('take a user or a token out of a group')
    .action(async (name: string, member: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.groups.removeMember({ name, member: memberOf(member) }), groupLine);
    });
  example(remove, 'groups remove risk ada');
  const drop = groups
    .command('delete <name>')
    .description('delete a group and what was granted to it')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.groups.delete({ name }), () => `Deleted group ${name}.`);
    });
  example(drop, 'groups delete risk');
}

export function addGrants(grants: Command): void {
  const add = grants
    .command('add <to>')
    .description('give a role to user:NAME, group:NAME or token:NAME, beside the one they have')
    .addArgument(new Argument('<role>', 'what they may do').choices(roles))
    .option('--on <thing>', 'model:prices, endpoint:forecast, dataset:days (default: all of the workspace)')
    .action(async (to: string, role: Role, { on }: { on?: string }, command: Command) => {
      const session = sessionOf(command);
      const grant = await session.client.grants.add({ to, role, ...(on !== undefined && { resource: on }) });
      session.show(grant, ({ id, resource }) => `${to} is ${role} of ${resource ?? 'all'} now (${id}).`);
    });
  example(add, 'grants add group:risk approver --on model:prices');
  const list = grants
    .command('list')
    .description('list grants')
    .option('--to <whom>', 'only those of user:NAME, group:NAME or token:NAME')
    .option('--on <thing>', 'only those on this thing')
    .action(async ({ to, on }: { to?: string; on?: string }, command: Command) => {
      const session = sessionOf(command);
      const filter = { ...(to !== undefined && { to }), ...(on !== undefined && { resource: on }) };
      const items = await listUpTo(mostListed, (page) => session.client.grants.list({ ...filter, ...page }));
      session.list(
        items,
        {
          id: (g) => g.id,
          to: (g) => g.to,
          role: (g) => g.role,
          on: (g) => g.resource ?? 'all',
          by: (g) => g.createdBy,
          created: (g) => formatTime(g.createdAt),
        },
        'Nothing is granted beside the roles of users and tokens.',
      );
    });
  example(list, 'grants list --on model:prices');
  const remove = grants
    .command('remove <id>')
    .description('take a grant back')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.grants.remove({ id }), () => `Removed ${id}.`);
    });
  example(remove, 'grants remove grant_0199f3');
}
