import type { EndpointCaller, Ownership } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { failures } from '../../failure.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { repeated } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';

interface Filter extends Limited {
  kind?: 'model' | 'endpoint';
  owner?: string;
  consumer?: string;
}

interface Given {
  owner?: string;
  consumer?: string[];
}

export function addOwnersCommands(program: Command): void {
  const owners = program
    .command('owners')
    .description('who answers for models and endpoints, and who relies on them');
  const list = owners
    .command('list')
    .description('by name')
    .addOption(new Option('--kind <kind>', 'only of these').choices(['model', 'endpoint']))
    .option('--owner <name>', 'only what this one answers for')
    .option('--consumer <name>', 'only what this one relies on, as declared')
    .addOption(limitOption())
    .action(async ({ limit, ...filter }: Filter, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(limit, (page) => session.client.owners.list({ ...filter, ...page }));
      session.list(
        items,
        {
          what: (o) => o.subject,
          owner: (o) => o.owner,
          consumers: (o) => o.consumers.join(', '),
          changed: (o) => formatTime(o.updatedAt),
          by: (o) => o.updatedBy,
        },
        'Nobody was named. Name one: tidemill owners set model:forecaster --owner "prices team"',
      );
    });
  example(list, 'owners list --owner "prices team"');
  const show = owners
    .command('show <uri>')
    .description('owner and consumers; of an endpoint also who called it')
    .action(async (subject: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.owners.get({ subject }), (found) => [
        ...describe(found),
        ...found.callers.map(describeCaller),
      ]);
    });
  example(show, 'owners show endpoint:forecast');
  const set = owners
    .command('set <uri>')
    .description('say who answers for it and who relies on it; what is not given stays')
    .option('--owner <name>', 'a user or a team; "" for nobody')
    .option('--consumer <name>', 'who relies on it (repeatable): these instead of those before', repeated)
    .option('--no-consumers', 'nobody relies on it')
    .action(async (subject: string, options: Given & { consumers: boolean }, command: Command) => {
      const { owner, consumer } = options;
      const consumers = options.consumers ? consumer : [];
      if (owner === undefined && consumers === undefined)
        throw failures.optionMissing('--owner', 'there is nothing to say without it or --consumer.');
      const session = sessionOf(command);
      const given = { ...(owner !== undefined && { owner: owner || null }), ...(consumers && { consumers }) };
      session.show(await session.client.owners.put({ subject, ...given }), describe);
    });
  example(set, 'owners set endpoint:forecast --owner user:mira --consumer shop');
}

const describe = ({ subject, owner, consumers }: Ownership): string[] => [
  `${subject}  owner: ${owner ?? 'nobody'}`,
  `consumers: ${consumers.join(', ') || 'none declared'}`,
];

const describeCaller = ({ actor, requests, lastAt }: EndpointCaller): string =>
  `called by ${actor}: ${requests} requests, the last ${formatTime(lastAt)}`;
