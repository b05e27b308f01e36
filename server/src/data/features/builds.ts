import type { TrainingSetBuild } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
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

/** Training sets that this process is building: told while it does. What stays is a dataset version, or nothing. */
export function createBuilds({ clock }: { readonly clock: Clock }) {
  const running = new Map<string, { readonly workspace: string; readonly build: TrainingSetBuild }>();

  return {
    async track<T>(name: string, caller: Caller, work: (tell: Tell) => Promise<T>): Promise<T> {
      const { actor, workspace } = caller;
      const begun = { id: newId('build'), name, createdBy: actor, startedAt: clock.now() };
      try {
        return await work((at) => running.set(begun.id, { workspace, build: { ...begun, ...at } }));
      } finally {
        running.delete(begun.id);
      }
    },

    /** Newest first. */
    list({ name }: { readonly name?: string | undefined }, { workspace }: Caller): TrainingSetBuild[] {
      const ours = [...running.values()].filter((each) => each.workspace === workspace);
      const builds = ours.map(({ build }) => build).filter((build) => (name ?? build.name) === build.name);
      return builds.sort((a, b) => (a.id < b.id ? 1 : -1));
    },
  };
}
