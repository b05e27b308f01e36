import type { Impact, Priority, Role, Token } from '@tidemill/contract';
import { type Command, Option } from 'commander';
import { failures } from '../failure.ts';
import { example, listUpTo } from '../pages.ts';
import { toInteger, toNumber } from '../parse.ts';
import { sessionOf } from '../session.ts';
import { formatTime, tableLines } from '../table.ts';
import { addAuditCommands } from './access/audit.ts';
import { addCommentsCommands } from './access/comments.ts';
import { addGrants, addGroups } from './access/grants.ts';
import { addLineageCommand } from './access/lineage.ts';
import { addOwnersCommands } from './access/owners.ts';
import { mostListed, roleOption } from './access/roles.ts';
import { addSubjects } from './access/subjects.ts';
import { addAccount, addUsers } from './access/users.ts';

export function addAccessCommands(program: Command): void {
  addTokens(program.command('tokens').description('tokens for programs and people'));
  addUsers(program.command('users').description('people who log in by name and password'));
  addGroups(program.command('groups').description('users and tokens that are given roles together'));
  addGrants(program.command('grants').description('roles on single things, and of groups'));
  addAccount(program.command('account').description('your own password and sessions'));
  const whoami = program
    .command('whoami')
    .description('who the server takes you for')
    .action(async (_options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.access.whoami(), ({ actor, role, grants }) => [
        `${actor}  ${role}`,
        ...grants.map((grant) => `${grant.role} of ${grant.resource}`),
      ]);
    });
  example(whoami, 'whoami');
  addAuditCommands(program);
  addCommentsCommands(program);
  addOwnersCommands(program);
  addSubjects(program.command('subjects').description('rows of one subject, found and erased by its key'));
  addLineageCommand(program);
  const impact = program
    .command('impact <uri>')
    .description('all that depends on a thing, however far: what must be made again if it was wrong')
    .option('--limit <count>', 'dependents to list at most', toInteger, 1000)
    .action(async (uri: string, { limit }: { limit: number }, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.access.impact({ uri, limit }), describeImpact);
    });
  example(impact, 'impact dataset:prices@2');
}

function describeImpact({ uri, counts, dependents, truncated }: Impact): string[] {
  if (dependents.length === 0) return [`Nothing depends on ${uri}.`];
  const kinds = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`);
  return [
    `${uri}: ${kinds.join(', ')}${truncated ? ', and more: --limit lists more' : ''}`,
    ...tableLines(dependents, {
      dependent: (d) => d.uri,
      state: (d) => (d.gone ? 'gone' : d.inUse ? 'in use' : 'made of it'),
      steps: (d) => d.distance,
      via: (d) => `${d.relation}: ${d.via}`,
    }),
  ];
}

interface TokenOptions {
  readonly role: Role;
  readonly user?: string;
  readonly resource?: string;
  readonly rate?: number;
  readonly burst?: number;
  readonly perDay?: number;
  readonly priority?: Priority;
  readonly expiresInDays?: number;
}

function limitOf({ rate, perDay }: Token): string | null {
  const parts = [
    ...(rate ? [`${rate.perSecond}/s, ${rate.burst} at once`] : []),
    ...(perDay === null ? [] : [`${perDay} a day`]),
  ];
  return parts.length === 0 ? null : parts.join(', ');
}

function addTokens(tokens: Command): void {
  const create = tokens
    .command('create <name>')
    .description('create a token; its secret is printed once')
    .addOption(roleOption().makeOptionMandatory())
    .option('--user <name>', 'act as this user')
    .option(
      '--resource <uri>',
      'its role counts for this one thing only: endpoint:forecast, model:prices, dataset:days (default: all)',
    )
    .option('--rate <requests>', 'so many requests a second (default: no limit)', toNumber)
    .option('--burst <requests>', 'so many at once (default: what is due in a second)', toInteger)
    .option('--per-day <requests>', 'so many between two midnights, UTC (default: no limit)', toInteger)
    .addOption(
      new Option(
        '--priority <priority>',
        'low is refused first when an endpoint is asked too much (default: normal)',
      ).choices(['low', 'normal', 'high']),
    )
    .option('--expires-in-days <days>', 'default: never', toInteger)
    .action(async (name: string, { rate: perSecond, burst, ...options }: TokenOptions, command: Command) => {
      if (perSecond === undefined && burst !== undefined) throw failures.burstAlone();
      const rate = perSecond === undefined ? undefined : { perSecond, ...(burst !== undefined && { burst }) };
      const session = sessionOf(command);
      session.show(
        await session.client.access.createToken({ name, ...options, ...(rate && { rate }) }),
        (reply) => reply.secret,
      );
    });
  example(create, 'tokens create shop --role invoker --resource endpoint:forecast --expires-in-days 90');
  example(create, 'tokens create nightly --role invoker --rate 50 --per-day 100000 --priority low');
  const list = tokens
    .command('list')
    .description('list tokens, without secrets')
    .action(async (_options: object, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(mostListed, (page) => session.client.access.listTokens(page));
      session.list(
        items,
        {
          id: (t) => t.id,
          name: (t) => t.name,
          role: (t) => t.role,
          actor: (t) => t.actor,
          'only for': (t) => t.resource,
          limit: (t) => limitOf(t),
          priority: (t) => (t.priority === 'normal' ? null : t.priority),
          created: (t) => formatTime(t.createdAt),
          expires: (t) => formatTime(t.expiresAt),
          used: (t) => formatTime(t.lastUsedAt),
          revoked: (t) => formatTime(t.revokedAt),
        },
        'No tokens. Create one: tidemill tokens create ci --role editor',
      );
    });
  example(list, 'tokens list');
  const revoke = tokens
    .command('revoke <id>')
    .description('revoke a token')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.access.revokeToken({ id }), () => `Revoked ${id}.`);
    });
  example(revoke, 'tokens revoke token_0199f3');
}
