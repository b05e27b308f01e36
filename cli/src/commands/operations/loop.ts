import type { LoopRun } from '@tidemill/sdk';
import type { Command } from 'commander';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { type Session, sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';
import { isEnded, watch } from '../../watch.ts';

export function addLoopCommands(program: Command): void {
  const loop = program.command('loop').description('loop runs: a model made again, proven and released');
  addStartAndCancel(loop);
  addLists(loop);
  addShow(loop);
}

function addStartAndCancel(loop: Command): void {
  const start = loop
    .command('start <policy>')
    .description('retrain now')
    .requiredOption('--reason <text>', 'why; it is audited')
    .option('--follow', 'wait for its end; exit code 1 if it failed')
    .action(async (policy: string, options: { reason: string; follow?: boolean }, command: Command) => {
      const session = sessionOf(command);
      const run = await session.client.retraining.start({ policy, reason: options.reason });
      if (!options.follow) return session.show(run, describeLoopRun);
      await followLoopRun(session, run.id);
    });
  example(start, 'loop start forecaster --reason "new data since June" --follow');
  const cancel = loop
    .command('cancel <id>')
    .description('cancel a loop run; a candidate in traffic is taken back')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.retraining.cancel({ id }), (run) => `${run.id} is ${run.state}.`);
    });
  example(cancel, 'loop cancel loop_0199f3');
}

function addLists(loop: Command): void {
  const list = loop
    .command('list')
    .description('loop runs, newest first')
    .option('--endpoint <name>', 'only of this endpoint')
    .addOption(limitOption())
    .action(async (options: Limited & { endpoint?: string }, command: Command) => {
      const session = sessionOf(command);
      const { limit, endpoint } = options;
      const items = await listUpTo(limit, (page) => session.client.retraining.list({ endpoint, ...page }));
      session.list(
        items,
        {
          id: (r) => r.id,
          policy: (r) => r.policy,
          trigger: (r) => r.trigger,
          state: (r) => r.state,
          verdict: (r) => r.verdict,
          candidate: (r) => r.candidate,
          created: (r) => formatTime(r.createdAt),
        },
        'No loop runs. Start one: tidemill loop start POLICY --reason "…"',
      );
    });
  example(list, 'loop list --endpoint forecast');
  const policies = loop
    .command('policies')
    .description('how models are made again')
    .addOption(limitOption())
    .action(async (options: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(options.limit, (page) => session.client.retraining.listPolicies(page));
      session.list(
        items,
        {
          name: (p) => p.name,
          endpoint: (p) => p.endpoint,
          model: (p) => p.model,
          triggers: (p) => p.triggers?.join(' ') || 'by hand',
          created: (p) => formatTime(p.createdAt),
        },
        'No retraining policies. Declare one in tidemill.config.ts and run: tidemill apply',
      );
    });
  example(policies, 'loop policies');
}

function addShow(loop: Command): void {
  const show = loop
    .command('show <id>')
    .description('one loop run with its timeline')
    .option('--follow', 'wait for its end; exit code 1 if it failed')
    .action(async (id: string, options: { follow?: boolean }, command: Command) => {
      const session = sessionOf(command);
      if (options.follow) return followLoopRun(session, id);
      session.show(await session.client.retraining.get({ id }), describeLoopRun);
    });
  example(show, 'loop show loop_0199f3 --follow');
}

async function followLoopRun(session: Session, id: string): Promise<void> {
  const run = await watch(session, {
    ask: (signal) => session.client.retraining.get({ id }, { signal }),
    isDone: isEnded,
    lines: (found) => found.steps.map(stepLine),
    whenLeft: `The loop run goes on. Watch it: tidemill loop show ${id} --follow; end it: tidemill loop cancel ${id}`,
  });
  if (!run) return;
  session.show(run, describeLoopRun);
  if (run.state !== 'succeeded') process.exitCode = 1;
}

const stepLine = (step: LoopRun['steps'][number]): string =>
  `${step.name} ${step.state}: ${step.text}${step.uri ? ` (${step.uri})` : ''}`;

const describeLoopRun = (run: LoopRun): string[] => [
  `${run.id}: ${run.policy} on ${run.endpoint}, ${run.state}${run.verdict ? `, ${run.verdict.toUpperCase()}` : ''}`,
  `trigger    ${run.trigger}${run.alert ? ` (${run.alert})` : ''}`,
  ...(run.candidate ? [`candidate  ${run.candidate}`] : []),
  ...(run.rollout ? [`rollout    ${run.rollout}`] : []),
  ...run.steps.map((step) => `${formatTime(step.startedAt)}  ${stepLine(step)}`),
];
