import type { Grant, Invitation, LoginSession, Role, User, UserDetails } from '@tidemill/contract';
import { Argument, type Command } from 'commander';
import { example, listUpTo } from '../../pages.ts';
import { readNewPassword, readPassword } from '../../read-password.ts';
import { type Session, sessionOf } from '../../session.ts';
import { type Columns, formatTime } from '../../table.ts';
import { mostListed, roleOption, roles } from './roles.ts';

/** Behind `#`, so that no server's log and no proxy holds it. */
const invitationLines = ({ url }: Session, { secret, expiresAt }: Invitation): string[] => [
  `They choose a password themselves, once, until ${formatTime(expiresAt)}:`,
  `${url.replace(/\/+$/, '')}/ui/login#invitation=${secret}`,
];

const grantWords = (grants: readonly Grant[]): string =>
  grants
    .map(({ role, resource, to }) => `${role} ${resource ? `of ${resource}` : 'of all'} (${to})`)
    .join(', ') || 'none';

const userLines = (user: UserDetails): string[] => [
  `${user.name}  ${user.role}${user.disabledAt === null ? '' : '  disabled'}`,
  `password    ${user.hasPassword ? `since ${formatTime(user.passwordChangedAt)}` : 'none yet'}`,
  `last login  ${formatTime(user.lastLoginAt)}`,
  `groups      ${user.groups.join(', ') || 'none'}`,
  `grants      ${grantWords(user.grants)}`,
];

const sessionColumns: Columns<LoginSession> = {
  id: (s) => s.id,
  since: (s) => formatTime(s.createdAt),
  'last seen': (s) => formatTime(s.lastSeenAt),
  until: (s) => formatTime(s.expiresAt),
  address: (s) => s.address,
  browser: (s) => s.agent.slice(0, 60),
};

export function addUsers(users: Command): void {
  const create = users
    .command('create <name>')
    .description('create a user; without a password, a link by which they choose one')
    .addOption(roleOption().default('none'))
    .option('--password-stdin', 'the password is the first line of standard input')
    .action(async (name: string, options: { role: Role; passwordStdin?: boolean }, command: Command) => {
      const session = sessionOf(command);
      const password = options.passwordStdin ? await readPassword('Password') : undefined;
      const made = await session.client.users.create({
        ...{ name, role: options.role },
        ...(password !== undefined && { password }),
      });
      session.show(made, ({ role, invitation }) => [
        `Created user ${name} (${role}).`,
        ...(invitation ? invitationLines(session, invitation) : []),
      ]);
    });
  example(create, 'users create ada --role approver');
  const list = users
    .command('list')
    .description('list users')
    .action(async (_options: object, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(mostListed, (page) => session.client.users.list(page));
      session.list(
        items,
        {
          name: (u) => u.name,
          role: (u) => u.role,
          state: (u) => (u.disabledAt !== null ? 'disabled' : u.hasPassword ? 'active' : 'invited'),
          'last login': (u) => formatTime(u.lastLoginAt),
          created: (u) => formatTime(u.createdAt),
        },
        'No named users; on this machine you are the owner.',
      );
    });
  example(list, 'users list');
  const show = users
    .command('show <name>')
    .description('a user with groups and grants')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.users.get({ name }), userLines);
    });
  example(show, 'users show ada');
  addChanges(users);
  addPasswords(users);
  addSessions(users);
}

function addChanges(users: Command): void {
  const change = async (
    command: Command,
    input: { name: string; role?: Role; disabled?: boolean },
    line: (user: User) => string,
  ) => {
    const session = sessionOf(command);
    session.show(await session.client.users.update(input), line);
  };
  const role = users
    .command('role <name>')
    .description('give a user another role')
    .addArgument(new Argument('<role>', 'what they may do').choices(roles))
    .action((name: string, to: Role, _options: object, command: Command) =>
      change(command, { name, role: to }, (user) => `${user.name} is ${user.role} now.`),
    );
  example(role, 'users role ada admin');
  const disable = users
    .command('disable <name>')
    .description('end the sessions of a user, and refuse their password and tokens')
    .action((name: string, _options: object, command: Command) =>
      change(command, { name, disabled: true }, () => `${name} is disabled.`),
    );
  example(disable, 'users disable ada');
  const enable = users
    .command('enable <name>')
    .description('take a user in again')
    .action((name: string, _options: object, command: Command) =>
      change(command, { name, disabled: false }, () => `${name} is enabled.`),
    );
  example(enable, 'users enable ada');
  const remove = users
    .command('delete <name>')
    .description('delete a user with sessions, tokens, grants and memberships')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.users.delete({ name }), () => `Deleted user ${name}.`);
    });
  example(remove, 'users delete ada');
}

function addPasswords(users: Command): void {
  const password = users
    .command('password <name>')
    .description('set the password of a user: typed unseen, or the first line of standard input')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const text = await readNewPassword(`Password for ${name}`);
      const user = await session.client.users.setPassword({ name, password: text });
      session.show(user, () => `The password of ${name} is set; their sessions have ended.`);
    });
  example(password, 'users password ada');
  const invite = users
    .command('invite <name>')
    .description('a new link by which a user chooses a password')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const invitation = await session.client.users.invite({ name });
      session.show(invitation, (reply) => invitationLines(session, reply));
    });
  example(invite, 'users invite ada');
}

function addSessions(users: Command): void {
  const sessions = users
    .command('sessions <name>')
    .description('where a user is logged in')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(mostListed, (page) =>
        session.client.users.listSessions({ name, ...page }),
      );
      session.list(items, sessionColumns, `${name} is not logged in.`);
    });
  example(sessions, 'users sessions ada');
  const logout = users
    .command('logout <name>')
    .description('end all sessions of a user')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.users.endSessions({ name }), (reply) => `Ended: ${reply.ended}.`);
    });
  example(logout, 'users logout ada');
}

/** What the user may do for themselves whose token this is. */
export function addAccount(account: Command): void {
  const show = account
    .command('show')
    .description('who you are, with groups and grants')
    .action(async (_options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.account.get(), userLines);
    });
  example(show, 'account show');
  const password = account
    .command('password')
    .description('change your password: typed unseen, or two lines of standard input, the current one first')
    .action(async (_options: object, command: Command) => {
      const session = sessionOf(command);
      const current = await readPassword('Current password');
      const reply = await session.client.account.changePassword({
        current,
        password: await readNewPassword(),
      });
      session.show(reply, ({ ended }) => `Your password is changed. Ended sessions: ${ended}.`);
    });
  example(password, 'account password');
  const sessions = account
    .command('sessions')
    .description('where you are logged in')
    .action(async (_options: object, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(mostListed, (page) => session.client.account.listSessions(page));
      session.list(items, sessionColumns, 'You are not logged in anywhere.');
    });
  example(sessions, 'account sessions');
  const logout = account
    .command('logout <id>')
    .description('end one of your sessions')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.account.endSession({ id }), () => `Ended ${id}.`);
    });
  example(logout, 'account logout session_0199f3');
}
