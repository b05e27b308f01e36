import { join } from 'node:path';
import { createClient } from '@tidemill/sdk';
import type { Bench, BenchContext, Outcome } from './bench.ts';
import { startTidemill } from './processes.ts';
import { alternate } from './rounds.ts';

const name = 'append';
const rowCount = 100_000;
const limit = 100;

export const append: Bench = {
  name,
  summary: `one row appended to a dataset of ${rowCount.toLocaleString('en-US')} rows; limit ${limit} ms`,
  settings: [
    'tidemill up with SQLite; HTTP by the SDK, one call at a time, until the new version is acknowledged',
    'each append is a version of its own; rows have a day, a text, an integer and three doubles',
  ],
  promises: [{ name, unit: 'ms', better: 'lower', target: 1, limit, peer: null }],
  rounds: 50,
  run,
};

const rowOf = (i: number): string =>
  JSON.stringify({
    day: new Date(Date.UTC(2000, 0, 1) + (i % 9000) * 86_400_000).toISOString().slice(0, 10),
    item: `item-${i % 500}`,
    count: i,
    open: i * 0.25,
    close: Math.sqrt(i),
    volume: (i * 7919) % 100_003,
  });
const linesOf = (from: number, to: number): Uint8Array =>
  new TextEncoder().encode(Array.from({ length: to - from }, (_, i) => `${rowOf(from + i)}\n`).join(''));

async function run({ folder, rounds, say }: BenchContext): Promise<Outcome> {
  const server = await startTidemill(join(folder, 'data'));
  try {
    const client = createClient({ url: server.url });
    const commit = (content: Uint8Array, mode: 'replace' | 'append') =>
      client.datasets.commit({ name: 'bench', format: 'ndjson', mode, content });
    await commit(linesOf(0, rowCount), 'replace');
    let next = rowCount;
    const appendRow = async (): Promise<number> => {
      const content = linesOf(next, next + 1);
      const started = performance.now();
      const version = await commit(content, 'append');
      const took = performance.now() - started;
      next++;
      if (version.rows !== next)
        throw new Error(`${version.reference} has ${version.rows} rows, not ${next}`);
      return took;
    };
    // The first pays for what is made once.
    await appendRow();
    const [ours = []] = await alternate([appendRow], rounds, () => {});
    say(`${rounds} rows appended`);
    return { measured: [{ name, ours, peer: null }] };
  } finally {
    await server.stop();
  }
}
