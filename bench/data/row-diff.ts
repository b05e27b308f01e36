// Which rows changed between two versions of ten million.
import type { Bench, BenchContext, Measured, Outcome } from '../bench.ts';
import { type DiffKind, measureDiff } from './diff.ts';

const rows = Number(process.env.TIDEMILL_BENCH_ROWS ?? 10_000_000);
const limits = { seconds: 30, gibibytes: 4 } as const;
const titles: Readonly<Record<DiffKind, string>> = {
  scattered: 'one row in a hundred changed',
  different: 'no row in common',
};
const kinds: readonly DiffKind[] = ['scattered', 'different'];

export const dataDiff: Bench = {
  name: 'data-diff',
  summary: `row diff by key of ${rows.toLocaleString('en-US')} rows against as many; limits ${limits.seconds} s and ${limits.gibibytes} GiB`,
  settings: [
    'a key of a text and a day, eight numbers; tidemill up with SQLite, just started, by the SDK over HTTP',
    'seconds until the counts of added, removed and changed rows are there, with the first of each',
    'TIDEMILL_BENCH_ROWS sets the rows',
  ],
  promises: kinds.flatMap((kind) => [
    { name: titles[kind], unit: 's', better: 'lower', target: 1, limit: limits.seconds, peer: null },
    {
      name: `${titles[kind]}, memory`,
      unit: 'GiB',
      better: 'lower',
      target: 1,
      limit: limits.gibibytes,
      peer: null,
    },
  ]),
  rounds: 1,
  run,
};

async function run({ folder, say }: BenchContext): Promise<Outcome> {
  const measured: Measured[] = [];
  const notes: string[] = [];
  for (const kind of kinds) {
    const figures = await measureDiff(folder, rows, kind);
    const { added, removed, changed } = figures.counts;
    const note = `${titles[kind]}: ${figures.diffSeconds.toFixed(1)} s (+${added} -${removed} ~${changed}), figures of the columns ${figures.columnSeconds.toFixed(1)} s, a page from the middle ${figures.pageSeconds.toFixed(2)} s`;
    say(note);
    notes.push(note);
    measured.push({ name: titles[kind], ours: [figures.diffSeconds], peer: null });
    const gibibytes = figures.peakBytes === null ? [] : [figures.peakBytes / 2 ** 30];
    measured.push({ name: `${titles[kind]}, memory`, ours: gibibytes, peer: null });
  }
  return { measured, notes };
}
