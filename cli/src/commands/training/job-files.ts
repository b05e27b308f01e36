import type { JobFileRole } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { failures } from '../../failure.ts';
import { writeDownload } from '../../files.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { type Session, sessionOf } from '../../session.ts';
import { formatBytes } from '../../table.ts';

interface FilesOptions extends Limited {
  readonly role: JobFileRole;
  readonly output?: string;
}

const roles = ['code', 'input', 'diff', 'lock'] as const;

export function addJobFiles(jobs: Command): void {
  const files = jobs
    .command('files <id> [path]')
    .description('the files that a job was handed, or one of them')
    .addOption(
      new Option('--role <name>', 'its code, plain inputs, what was not committed, or the lock of a rebuild')
        .choices(roles)
        .default('code'),
    )
    .addOption(limitOption())
    .option('-o, --output <file>', 'write the file here; - is standard output')
    .action(async (id: string, path: string | undefined, options: FilesOptions, command: Command) => {
      const session = sessionOf(command);
      if (path === undefined) return list(session, id, options);
      if (options.output === undefined) return show(session, { id, path, role: options.role });
      const download = await session.client.jobs.downloadFile({ id, path, role: options.role });
      const size = await writeDownload(download, options.output);
      if (options.output !== '-') session.say(`${options.output}: ${formatBytes(size)}`);
    });
  example(files, 'jobs files job_0199f3');
  example(files, 'jobs files job_0199f3 src/train.py');
  example(files, 'jobs files job_0199f3 code.diff --role diff');
}

async function list(session: Session, id: string, { limit, role }: FilesOptions): Promise<void> {
  const items = await listUpTo(limit, (page) => session.client.jobs.listFiles({ id, role, ...page }));
  session.list(
    items,
    {
      path: (file) => file.path,
      size: (file) => (file.size === null ? 'kept no more' : formatBytes(file.size)),
      executable: (file) => (file.executable ? 'yes' : ''),
      sha256: (file) => file.sha256.slice(0, 12),
    },
    `The job was handed no ${role} files.`,
  );
}

/** Text as it is, all of it; bytes would only upset a terminal. */
async function show(
  session: Session,
  input: { readonly id: string; readonly path: string; readonly role: JobFileRole },
): Promise<void> {
  const file = await session.client.jobs.getFile(input);
  if (file.isBinary && !session.json) throw failures.fileIsBinary(input.path, formatBytes(file.size));
  if (session.json) return session.show(file, () => '');
  if (file.isWhole) process.stdout.write(file.text ?? '');
  else await writeDownload(await session.client.jobs.downloadFile(input), '-');
}
