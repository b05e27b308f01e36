import type { CiRecord } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';

interface RecordOptions {
  commit: string;
  status: CiRecord['status'];
  name?: string;
  url?: string;
}

export function addCiCommands(program: Command): void {
  const ci = program
    .command('ci')
    .description('what CI pipelines say of commits; an approval may want one green');
  const record = ci
    .command('record')
    .description('record what a pipeline says of a commit')
    .requiredOption('--commit <sha>', 'the whole hash')
    .addOption(
      new Option('--status <status>', 'what it says')
        .choices(['running', 'passed', 'failed'])
        .makeOptionMandatory(),
    )
    .option('--name <name>', 'which pipeline; of several, each must be green (default: ci)')
    .option('--url <url>', 'where it can be looked at')
    .action(async (options: RecordOptions, command: Command) => {
      const session = sessionOf(command);
      const { commit, status, name, url } = options;
      const said = await session.client.ci.record({ commit: commit.toLowerCase(), status, name, url });
      session.show(said, () => `${said.commit.slice(0, 12)}: ${said.name} ${said.status}.`);
    });
  example(record, 'ci record --commit $(git rev-parse HEAD) --status passed --url https://ci.example.org/7');
  const list = ci
    .command('list')
    .description('what was recorded, newest first')
    .option('--commit <sha>', 'of this commit only')
    .addOption(limitOption())
    .action(async ({ commit, limit }: Limited & { commit?: string }, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(limit, (page) => session.client.ci.list({ ...page, commit }));
      session.list(
        items,
        {
          commit: (said) => said.commit.slice(0, 12),
          pipeline: ({ name }) => name,
          status: ({ status }) => status,
          url: ({ url }) => url ?? '–',
          by: ({ createdBy }) => createdBy,
          at: ({ createdAt }) => formatTime(createdAt),
        },
        'No CI was recorded yet: tidemill ci record.',
      );
    });
  example(list, 'ci list --commit $(git rev-parse HEAD)');
}
