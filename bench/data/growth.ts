// How much a small change of a large table stores.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@tidemill/sdk';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { startTidemill } from '../processes.ts';
import { storageGrowth } from './storage.ts';

const rows = Number(process.env.TIDEMILL_BENCH_ROWS ?? 10_000_000);
const limits = { contiguous: 3, insert: 3, scattered: 5 } as const;
const titles = {
  contiguous: 'one row in a hundred, side by side',
  insert: 'one row inserted in the middle',
  scattered: 'one row in a hundred, anywhere',
} as const;
const kinds = ['contiguous', 'insert', 'scattered'] as const;

export const dataStorage: Bench = {
  name: 'data-storage',
  summary: `bytes that a change of ${rows.toLocaleString('en-US')} rows adds to the data folder, against those of the table`,
  settings: [
    'the whole table is uploaded again as CSV; what is counted is the data folder without its cache, the database included',
    'a tool that knows whole files stores 100 %',
    'TIDEMILL_BENCH_ROWS sets the rows',
  ],
  promises: kinds.map((kind) => ({
    name: titles[kind],
    unit: '%',
    better: 'lower',
    target: 1,
    limit: limits[kind],
    peer: null,
  })),
  rounds: 1,
  run,
};

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += ['cache', 'tmp', 'spill'].includes(entry.name) ? 0 : await sizeOf(path);
    else bytes += (await stat(path)).size;
  }
  return bytes;
}

async function run({ folder, say }: BenchContext): Promise<Outcome> {
  const data = join(folder, 'data');
  const server = await startTidemill(data);
  try {
    const growth = await storageGrowth(createClient({ url: server.url }), rows, () => sizeOf(data));
    const notes = (['first', ...kinds] as const).map(
      (kind) =>
        `${kind}: ${(growth[kind].bytes / 1e6).toFixed(1)} MB on the disk, ${(growth[kind].storedBytes / 1e6).toFixed(1)} MB of chunks, committed in ${growth[kind].seconds.toFixed(1)} s`,
    );
    for (const note of notes) say(note);
    const measured = kinds.map((kind) => ({
      name: titles[kind],
      ours: [growth[kind].share * 100],
      peer: null,
    }));
    return { measured, notes };
  } finally {
    await server.stop();
  }
}
