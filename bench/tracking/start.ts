// From the start of the process to the first answered request, and what it holds when nothing is asked of it.
import { setTimeout as pause } from 'node:timers/promises';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { alternate } from '../rounds.ts';
import { mlflowVersion, type Side, startOurs, startPeer } from './sides.ts';

const startTitle = 'start to first answer, empty folder';
const memoryTitle = 'memory at rest';
const againstTitle = 'start against its peer';
const restSeconds = 2;

export const start: Bench = {
  name: 'tracking-start',
  summary: 'a fresh server on SQLite: time to its first answer, memory at rest',
  settings: [
    `memory: VmRSS of all its processes, ${restSeconds} s after the first answer`,
    'an empty data folder each time: the database is made and migrated within the time',
  ],
  promises: [
    { name: startTitle, unit: 'ms', better: 'lower', target: 1, limit: 1_000, peer: null },
    { name: memoryTitle, unit: 'MiB', better: 'lower', target: 1, limit: 150, peer: null },
    {
      name: againstTitle,
      unit: 'ms',
      better: 'lower',
      target: 1,
      peer: { name: 'mlflow server', version: mlflowVersion },
    },
  ],
  rounds: 3,
  requirements: `${import.meta.dirname}/requirements.txt`,
  run,
};

async function run({ folder, rounds, python, say }: BenchContext): Promise<Outcome> {
  const memory: { ours: number[]; peer: number[] } = { ours: [], peer: [] };
  const started = async (starting: Promise<Side>, memories: number[]): Promise<number> => {
    const side = await starting;
    try {
      await pause(restSeconds * 1000);
      const held = await side.memoryMiB();
      if (held !== null) memories.push(held);
      return side.startedIn;
    } finally {
      await side.stop();
    }
  };
  const wish = { folder, database: 'sqlite' } as const;
  const ours = () => started(startOurs(wish), memory.ours);
  const peer = python ? [() => started(startPeer(python, wish), memory.peer)] : [];
  await ours();
  memory.ours.length = 0;
  const [times = [], peerTimes = []] = await alternate([ours, ...peer], rounds, (round, [a = 0, b = 0]) =>
    say(`round ${round}: ours ${a.toFixed(0)} ms, peer ${b.toFixed(0)} ms`),
  );
  return {
    measured: [
      { name: startTitle, ours: times, peer: null },
      { name: memoryTitle, ours: memory.ours, peer: null },
      { name: againstTitle, ours: times, peer: python ? peerTimes : null },
    ],
    notes: [`memory of mlflow server at rest: ${memory.peer.map((m) => m.toFixed(0)).join(', ')} MiB`],
  };
}
