/**
 * The processes of a command, wherever they went: a child may leave its group and its parent, but what it inherited of
 * the environment stays with it. Read from `/proc`; elsewhere than on Linux nothing is found and the group must do.
 */
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { groupsOf } from '../../base/in-parallel.ts';

export interface Usage {
  /** Resident memory of all processes together. */
  readonly memoryBytes: number;
  /** Processor time that the processes now alive have used, and those that they have waited for. */
  readonly cpuSeconds: number;
  readonly processes: number;
}

const pageBytes = 4096;
/** Kernels say times in these, whatever their own clock does. */
const ticksPerSecond = 100;

const readProcess = (pid: number, name: string): Promise<string> =>
  readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '');

/** The process and all that descend from it by living parents. */
export async function listDescendants(pid: number): Promise<number[]> {
  const found = [pid];
  for (const each of found) {
    const threads = await readdir(`/proc/${each}/task`).catch(() => []);
    for (const thread of threads) {
      const children = await readProcess(each, `task/${thread}/children`);
      for (const child of children.split(' ')) if (child.trim() !== '') found.push(Number(child));
    }
  }
  return found;
}

const atOnce = 100;

/**
 * Every process that has `mark` (`NAME=value`) in the environment it was started with. Read synchronously, some at a
 * time: these files are memory, and a trip to another thread and back costs ten times what reading one does.
 */
export async function listMarked(mark: string): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
  const marked: number[] = [];
  for (const group of groupsOf(pids, atOnce)) {
    for (const pid of group) if (`\0${readEnvironment(pid)}`.includes(`\0${mark}\0`)) marked.push(pid);
    await nextTurn();
  }
  return marked;
}

function readEnvironment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    // It has ended, or is somebody else's.
    return '';
  }
}

/** What these processes take now; those that are gone take nothing. */
export async function measure(pids: readonly number[]): Promise<Usage> {
  const each = await Promise.all(
    pids.map(async (pid) => ({ memory: await residentBytes(pid), cpu: await cpuSeconds(pid) })),
  );
  const alive = each.filter(({ cpu }) => cpu !== null);
  return {
    memoryBytes: alive.reduce((sum, { memory }) => sum + memory, 0),
    cpuSeconds: alive.reduce((sum, { cpu }) => sum + (cpu ?? 0), 0),
    processes: alive.length,
  };
}

const residentBytes = async (pid: number): Promise<number> =>
  Number((await readProcess(pid, 'statm')).split(' ')[1] ?? 0) * pageBytes;

async function cpuSeconds(pid: number): Promise<number | null> {
  const stat = await readProcess(pid, 'stat');
  if (stat === '') return null;
  // Fields 14 to 17, counted behind the program's name, which may hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond;
}

/** Memory by shares: what several processes have in common counts once. Slower, so asked for only in doubt. */
export async function proportionalBytes(pids: readonly number[]): Promise<number> {
  const rollups = await Promise.all(pids.map((pid) => readProcess(pid, 'smaps_rollup')));
  const sizes = rollups.map((text) => Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024);
  return sizes.reduce((sum, size) => sum + size, 0);
}
