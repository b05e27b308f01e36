import { type Event, follow, type Status } from '@tidemill/sdk';
import type { Command } from 'commander';
import { example } from '../../pages.ts';
import { toInteger, toNames } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { onInterrupt } from '../../watch.ts';

export function addAutomationCommands(program: Command): void {
  const status = program
    .command('status')
    .description('version, database, pause and tasks of the server')
    .action(async (_options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.system.status(), (found) => describeStatus(found, session.url));
    });
  example(status, 'status --json');
  const pause = program
    .command('pause')
    .description('stop all automation; serving goes on, rollback still works')
    .requiredOption('--reason <text>', 'why; it is audited')
    .action(async (options: { reason: string }, command: Command) => {
      const session = sessionOf(command);
      const { reason } = options;
      session.show(
        await session.client.system.pause({ reason }),
        () => 'Automation is paused. Go on: tidemill resume',
      );
    });
  example(pause, 'pause --reason "migration tonight"');
  const resume = program
    .command('resume')
    .description('resume automation')
    .action(async (_options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.system.resume(), () => 'Automation goes on.');
    });
  example(resume, 'resume');
  addEvents(program);
}

const describeStatus = (status: Status, url: string): string[] => [
  `Tidemill ${status.version} at ${url}, on ${status.database}, since ${new Date(status.startedAt).toISOString()}`,
  `automation  ${status.paused ? `PAUSED: ${status.pauseReason}` : 'on'}`,
  `tasks       ${
    Object.entries(status.tasks)
      .map(([state, count]) => `${count} ${state}`)
      .join(', ') || 'none'
  }`,
];

interface EventsOptions {
  kinds?: string[];
  after?: number;
}

function addEvents(program: Command): void {
  const events = program
    .command('events')
    .description('every change as it is committed, until Ctrl-C')
    .option('--kinds <kinds>', 'only these, comma-separated', toNames)
    .option('--after <id>', 'begin after this event; 0 is from the start', toInteger)
    .action(async (options: EventsOptions, command: Command) => {
      const session = sessionOf(command);
      // The stream reconnects for ever; a wrong address or token is told now.
      await session.client.system.status();
      const { signal, release } = onInterrupt();
      const { url, token } = session;
      for await (const event of follow({ url, token, signal, kinds: options.kinds, after: options.after })) {
        session.stream(event, describeEvent);
      }
      release();
    });
  example(events, 'events --kinds alert.opened,rollout.advanced');
}

const describeEvent = (event: Event): string =>
  `${new Date(event.createdAt).toISOString().slice(11, 19)}  ${event.kind}  ${event.subject}  by ${event.actor}`;
