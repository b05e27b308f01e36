import type { Job } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { writeDownload } from '../../files.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { toBytes } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';
import { describeJob, followJob } from './follow-job.ts';
import { addJobFiles } from './job-files.ts';
import { addRunCommand } from './run.ts';

const states = ['queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled'] as const;

export function addJobsCommands(program: Command): void {
  const jobs = program.command('jobs').description('training: our learners and commands of your own');
  addRunCommand(jobs);
  addList(jobs);
  addShow(jobs);
  addLogsAndCancel(jobs);
  addJobFiles(jobs);
}

function addList(jobs: Command): void {
  const list = jobs
    .command('list')
    .description('jobs, newest first')
    .addOption(new Option('--state <state>', 'only in this state').choices(states))
    .addOption(limitOption())
    .action(async (options: Limited & { state?: Job['state'] }, command: Command) => {
      const session = sessionOf(command);
      const { limit, ...rest } = options;
      const items = await listUpTo(limit, (page) => session.client.jobs.list({ ...rest, ...page }));
      session.list(
        items,
        {
          id: (j) => j.id,
          kind: (j) => j.kind,
          state: (j) => j.state,
          experiment: (j) => j.experiment,
          run: (j) => j.runId,
          model: (j) => j.modelVersion,
          created: (j) => formatTime(j.createdAt),
        },
        'No jobs. Start one: tidemill jobs run --help',
      );
    });
  example(list, 'jobs list --state running');
}

function addShow(jobs: Command): void {
  const show = jobs
    .command('show <id>')
    .description('one job')
    .option('--follow', 'wait for its end; exit code 1 if it failed')
    .action(async (id: string, options: { follow?: boolean }, command: Command) => {
      const session = sessionOf(command);
      if (options.follow) return followJob(session, id);
      session.show(await session.client.jobs.get({ id }), describeJob);
    });
  example(show, 'jobs show job_0199f3 --follow');
}

function addLogsAndCancel(jobs: Command): void {
  const logs = jobs
    .command('logs <id>')
    .description("a command's output so far")
    .addOption(
      new Option('--stream <name>', 'which').choices(['stdout', 'stderr'] as const).default('stdout'),
    )
    .option('--tail <bytes>', 'only the end', toBytes)
    .option('-o, --output <file>', 'write here; - is standard output', '-')
    .action(
      async (
        id: string,
        options: { stream: 'stdout' | 'stderr'; output: string; tail?: number },
        command: Command,
      ) => {
        const session = sessionOf(command);
        const offset = options.tail && -options.tail;
        const download = await session.client.jobs.logs({ id, stream: options.stream, offset });
        await writeDownload(download, options.output);
      },
    );
  example(logs, 'jobs logs job_0199f3 --stream stderr');
  const retry = jobs
    .command('retry <id>')
    .description('submit a command that failed or was cancelled again; it finds its checkpoints')
    .option('--follow', 'wait for its end; exit code 1 if it failed')
    .action(async (id: string, options: { follow?: boolean }, command: Command) => {
      const session = sessionOf(command);
      const job = await session.client.jobs.retry({ id });
      if (options.follow) return followJob(session, job.id);
      session.show(job, describeJob);
    });
  example(retry, 'jobs retry job_0199f3 --follow');
  const cancel = jobs
    .command('cancel <id>')
    .description('cancel a job; its whole process tree ends')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.jobs.cancel({ id }), (job) => `${job.id} is ${job.state}.`);
    });
  example(cancel, 'jobs cancel job_0199f3');
}
