/** What this machine has for commands, and how much of it is taken. */
import type { JobResources } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import type { Room } from '../../platform/tasks/service.ts';

export interface Capacity {
  readonly cpu: number;
  readonly memoryBytes: number;
  readonly gpu: number;
}

export type Needs = Required<Omit<JobResources, 'memoryBytes'>> & { readonly memoryBytes: number | null };

export const toNeeds = ({ cpu = 1, memoryBytes, gpu = 0 }: JobResources): Needs => ({
  cpu,
  memoryBytes: memoryBytes ?? null,
  gpu,
});

/** @throws jobTooLarge when it could never run here */
export function assertFits(needs: Needs, capacity: Capacity): void {
  for (const name of ['cpu', 'memoryBytes', 'gpu'] as const)
    if ((needs[name] ?? 0) > capacity[name])
      throw errors.jobTooLarge({ resource: name, asked: needs[name] ?? 0, most: capacity[name] });
}

export interface JobRoom extends Room {
  /** Numbers of the graphics processors that the job has. */
  gpusOf(id: string): readonly number[];
}

/** Room for jobs whose task payload holds their needs. A limit on memory is also what is set aside for it. */
export function createRoom(capacity: Capacity): JobRoom {
  const taken = new Map<string, Needs & { readonly gpus: readonly number[] }>();
  return {
    take({ id, payload }) {
      const needs = payload.needs as Needs;
      const all = [...taken.values()];
      const used = (name: 'cpu' | 'memoryBytes') => all.reduce((sum, each) => sum + (each[name] ?? 0), 0);
      const busy = new Set(all.flatMap(({ gpus }) => gpus));
      const free = Array.from({ length: capacity.gpu }, (_, i) => i).filter((i) => !busy.has(i));
      const fits =
        used('cpu') + needs.cpu <= capacity.cpu &&
        used('memoryBytes') + (needs.memoryBytes ?? 0) <= capacity.memoryBytes &&
        needs.gpu <= free.length;
      if (fits) taken.set(id, { ...needs, gpus: free.slice(0, needs.gpu) });
      return fits;
    },
    release: ({ id }) => void taken.delete(id),
    gpusOf: (id) => taken.get(id)?.gpus ?? [],
  };
}
