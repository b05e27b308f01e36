import type { TrainingSetBuild } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';

/** What a build does now, and how many of its steps are done. */
export type Tell = (at: Pick<TrainingSetBuild, 'step' | 'done' | 'steps'>) => void;

/** Gives what tells the next step when it begins; those before it are done then. */
export function countSteps(steps: number, tell: Tell = () => undefined): (step: string) => void {
  let done = -1;
  return (step) => {
    done += 1;
    tell({ step, done, steps });
  };
}

interface Running {
  readonly workspace: string;
  readonly build: TrainingSetBuild;
  readonly stop: (by: string) => void;
}

/** Training sets that this process is building: told while it does. What stays is a dataset version, or nothing. */
export function createBuilds({ clock }: { readonly clock: Clock }) {
  const running = new Map<string, Running>();

  return {
    /** @throws trainingSetStopped when somebody stops it */
    async track<T>(
      name: string,
      caller: Caller,
      signal: AbortSignal | undefined,
      work: (tell: Tell, signal: AbortSignal) => Promise<T>,
    ): Promise<T> {
      const { actor, workspace } = caller;
      const begun = { id: newId('build'), name, createdBy: actor, startedAt: clock.now() };
      const stopping = new AbortController();
      let stoppedBy: string | undefined;
      const stop = (by: string) => {
        stoppedBy ??= by;
        stopping.abort();
      };
      const either = signal ? AbortSignal.any([signal, stopping.signal]) : stopping.signal;
      const tell: Tell = (at) => running.set(begun.id, { workspace, build: { ...begun, ...at }, stop });
      try {
        return await work(tell, either);
      } catch (error) {
        if (stoppedBy === undefined) throw error;
        throw errors.trainingSetStopped({ name, by: stoppedBy }, error);
      } finally {
        running.delete(begun.id);
      }
    },

    /** One that is just making its version may end well all the same. @throws trainingSetBuildNotFound */
    cancel({ id }: { readonly id: string }, { workspace, actor }: Caller): TrainingSetBuild {
      const found = running.get(id);
      if (found?.workspace !== workspace) throw errors.trainingSetBuildNotFound({ id });
      found.stop(actor);
      return found.build;
    },

    /** Newest first. */
    list({ name }: { readonly name?: string | undefined }, { workspace }: Caller): TrainingSetBuild[] {
      const ours = [...running.values()].filter((each) => each.workspace === workspace);
      const builds = ours.map(({ build }) => build).filter((build) => (name ?? build.name) === build.name);
      return builds.sort((a, b) => (a.id < b.id ? 1 : -1));
    },
  };
}
