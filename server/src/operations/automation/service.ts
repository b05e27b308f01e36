import type { Download, Event, Status } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import type { Events } from '../../platform/events/service.ts';
import type { Tasks } from '../../platform/tasks/service.ts';
import { eventStream } from './event-stream.ts';

export interface AutomationDependencies {
  readonly changes: Changes;
  readonly tasks: Tasks;
  readonly events: Events;
  readonly clock: Clock;
  readonly version: string;
  readonly database: string;
}

/** What the whole process does: its state, its pause, its stream of events. */
export function createAutomation({
  changes,
  tasks,
  events,
  clock,
  version,
  database,
}: AutomationDependencies) {
  const startedAt = clock.now();

  async function status(): Promise<Status> {
    const pauseReason = await tasks.pauseReason();
    return {
      version,
      database,
      startedAt,
      paused: pauseReason !== null,
      pauseReason,
      tasks: await tasks.countByState(),
    };
  }

  async function setPause(reason: string | null, caller: Caller): Promise<Status> {
    await changes.run(caller, async (tx, record) => {
      await tasks.pause(tx, reason);
      record({
        action: reason === null ? 'automation.resumed' : 'automation.paused',
        subject: 'automation',
        detail: reason === null ? {} : { reason },
      });
    });
    return status();
  }

  return {
    status,
    pause: (input: { reason: string }, caller: Caller) => setPause(input.reason, caller),
    resume: (caller: Caller) => setPause(null, caller),

    /** Server-sent events of the caller's workspace: first what was missed, then live ones. */
    stream(
      input: { after?: number | undefined; kinds?: string | undefined },
      caller: Caller,
      signal: AbortSignal,
    ): Download {
      const kinds = input.kinds ? new Set(input.kinds.split(',')) : null;
      const isWanted = (event: Event & { workspace: string }) =>
        event.workspace === caller.workspace && (!kinds || kinds.has(event.kind));
      return { content: eventStream(events, input.after, isWanted, signal), mediaType: 'text/event-stream' };
    },
  };
}

export type Automation = ReturnType<typeof createAutomation>;
