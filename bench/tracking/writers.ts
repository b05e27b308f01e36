// Fifty writers at once: no error, and nobody waits long.
import type { Bench, BenchContext, Measured, Outcome, Promised } from '../bench.ts';
import { type DatabaseKind, onEachDatabase, startOurs } from './sides.ts';
import { createRun, load } from './wire.ts';

const writers = 50;
const seconds = 3;
const databases: readonly DatabaseKind[] = ['sqlite', 'postgres'];
const kinds = ['metric', 'batch'] as const;
const titleOf = (kind: (typeof kinds)[number], database: DatabaseKind): string =>
  `${writers} writers of log-${kind}, ${database}`;

const promisesOf = (database: DatabaseKind): Promised[] =>
  kinds.map((kind) => ({
    name: titleOf(kind, database),
    unit: 'ms p99',
    better: 'lower',
    target: 1,
    limit: 100,
    peer: null,
  }));

export const writersBench: Bench = {
  name: 'tracking-writers',
  summary: `${writers} connections write at once, each to a run of its own; an error ends the bench`,
  settings: [`${seconds} s a round, a round of each kind; log-batch has a hundred points`],
  promises: databases.flatMap(promisesOf),
  rounds: 3,
  run,
};

async function run({ folder, rounds, say }: BenchContext): Promise<Outcome> {
  const notes: string[] = [];
  const measured = await onEachDatabase(databases, say, async (database) => {
    const lines: Measured[] = [];
    const side = await startOurs({ folder, database });
    try {
      const runs: string[] = [];
      for (let i = 0; i < writers; i++) runs.push(await createRun(side));
      for (const kind of kinds) {
        await load(side, { kind, runs, connections: writers, seconds: 1 });
        const told = [];
        for (let i = 0; i < rounds; i++)
          told.push(await load(side, { kind, runs, connections: writers, seconds }));
        const failures = told.reduce((sum, one) => sum + one.failures, 0);
        if (failures > 0) throw new Error(`${failures} requests of ${titleOf(kind, database)} failed.`);
        lines.push({ name: titleOf(kind, database), ours: told.map(({ p99 }) => p99), peer: null });
        const rate = told.map(({ perSecond }) => perSecond.toFixed(0)).join(', ');
        notes.push(`${titleOf(kind, database)}: ${rate} requests/s, no error`);
        say(notes.at(-1) ?? '');
      }
      return lines;
    } finally {
      await side.stop();
    }
  });
  return { measured, notes };
}
