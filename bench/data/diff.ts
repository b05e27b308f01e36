/** Row diff by key of two versions of N rows: seconds until every figure is there, and the most memory the server took. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type Client, createClient } from '@tidemill/sdk';
import { startTidemill } from '../processes.ts';

export interface DiffFigures {
  readonly rows: number;
  /** Counts of added, removed and changed rows, and the first of each. */
  readonly diffSeconds: number;
  /** Figures of the columns on top: counts, means, quantiles, distances. */
  readonly columnSeconds: number;
  /** A page of fifty changed (or added) rows from the middle. */
  readonly pageSeconds: number;
  /** Of the server process, from its start. */
  readonly peakBytes: number | null;
  readonly counts: { readonly added: number; readonly removed: number; readonly changed: number };
}

/**
 * `scattered`: a hundredth of the rows edited all over the table, a thousandth added and another removed.
 * `different`: no row in common.
 */
export type DiffKind = 'scattered' | 'different';

/** A key of a text and a day, and eight numbers. */
const rowsSql = (count: number, seed: number, where: string): string =>
  `select 'S' || (i % 500) as symbol, date '1970-01-01' + cast(i // 500 as integer) as day, ${numbers(seed)}
   from range(${count}) t(i) where ${where}`;

const numbers = (seed: number): string =>
  Array.from({ length: 8 }, (_, j) => {
    const edited = `when hash(i, ${seed}) % 100 = 0 then hash(i, ${seed + j + 1}) % 100000 / 100.0`;
    return `case ${seed > 0 ? edited : 'when false then 0'} else hash(i, ${j}) % 100000 / 100.0 end as c${j}`;
  }).join(', ');

async function writeVersions(kind: DiffKind, rows: number, files: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '2GB' });
  const connection = await instance.connect();
  const after =
    kind === 'scattered'
      ? `${rowsSql(Math.floor(rows * 1.001), 7, `i >= ${rows} or hash(i, 99) % 1000 <> 0`)}`
      : rowsSql(rows, 11, 'true').replace("'S' ||", "'T' ||");
  for (const [i, sql] of [rowsSql(rows, 0, 'true'), after].entries())
    await connection.run(`copy (${sql}) to '${files[i] ?? ''}' (format parquet, compression zstd)`);
  connection.closeSync();
  instance.closeSync();
}

async function timed<T>(work: () => Promise<T>): Promise<{ seconds: number; value: T }> {
  const start = performance.now();
  const value = await work();
  return { seconds: (performance.now() - start) / 1000, value };
}

async function commitBoth(client: Client, files: readonly string[]): Promise<void> {
  for (const file of files)
    await client.datasets.commit({ name: 'bench', format: 'parquet', content: createReadStream(file) });
}

export async function measureDiff(folder: string, rows: number, kind: DiffKind): Promise<DiffFigures> {
  const files = [join(folder, `${kind}-1.parquet`), join(folder, `${kind}-2.parquet`)];
  await writeVersions(kind, rows, files);
  const first = await startTidemill(join(folder, `${kind}-data`));
  await commitBoth(createClient({ url: first.url }), files);
  await first.stop();
  // A server of its own, so that its memory is that of the diff.
  const server = await startTidemill(join(folder, `${kind}-data`));
  try {
    const { datasets } = createClient({ url: server.url });
    const asked = { name: 'bench', from: '1', to: '2', key: 'symbol,day' };
    const diff = await timed(() => datasets.diff(asked));
    const columns = await timed(() => datasets.diffColumns(asked));
    const { added, removed, changed } = diff.value;
    const middle = Buffer.from(String(Math.floor((changed || added) / 2))).toString('base64url');
    const page = await timed(() =>
      datasets.diffRows({ ...asked, kind: changed > 0 ? 'changed' : 'added', cursor: middle }),
    );
    return {
      rows,
      diffSeconds: diff.seconds,
      columnSeconds: columns.seconds,
      pageSeconds: page.seconds,
      peakBytes: await server.peakBytes(),
      counts: { added, removed, changed },
    };
  } finally {
    await server.stop();
  }
}
