import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient, type Reproduction } from '@tidemill/sdk';
import { add, tell } from './narrator.ts';
import { type PriceRow, readAll, readRows, toLines } from './prices.ts';
import { startServer } from './server-process.ts';
import { readEntry, replaceEntry } from './tar.ts';

/** `forecaster@1` from its bundle, in an empty data folder and a fresh process; then once more with one price changed. */
export async function reproduceFirstModel(
  client: Client,
): Promise<{ reproduced: boolean; tamperedReproduced: boolean }> {
  const bundle = await readBundle(client);
  const data = await mkdtemp(join(tmpdir(), 'tidemill-reproduce-'));
  const fresh = await startServer({ data, port: 0, database: 'sqlite' });
  try {
    const elsewhere = createClient({ url: fresh.url });
    const honest = await elsewhere.governance.reproduce({ content: bundle });
    tell(
      'reproduce',
      `forecaster@1 from a bundle of ${Math.round(bundle.length / 1024)} KiB: ${honest.steps.length} steps, equal ${honest.equal}`,
    );
    const tampered = await elsewhere.governance.reproduce({
      content: await changeOnePrice(elsewhere, bundle),
    });
    add(`with one price changed: ${tampered.equal}; ${describe(tampered)}`);
    return { reproduced: honest.equal, tamperedReproduced: tampered.equal };
  } finally {
    await fresh.stop();
    await rm(data, { recursive: true, force: true });
  }
}

const describe = (reproduction: Reproduction): string => {
  const first = reproduction.steps.find((step) => !step.equal);
  return first ? `${first.name}: ${first.detail}` : 'no step differs';
};

async function readBundle(client: Client): Promise<Uint8Array> {
  return readAll(await client.governance.exportBundle({ name: 'forecaster', version: '1' }));
}

const isPriceChunk = (name: string): boolean => /^datasets\/prices@\d+\/chunk-1\.parquet$/.test(name);

/** The bundle with the close of one day raised by a cent; Tidemill itself reads and writes the Parquet. */
async function changeOnePrice(client: Client, bundle: Uint8Array): Promise<Uint8Array> {
  await client.datasets.commit({
    name: 'chunk',
    format: 'parquet',
    content: readEntry(bundle, isPriceChunk),
  });
  const rows = await readRows<PriceRow>(client, 'chunk', 'latest');
  const changed = rows.map((row, i) =>
    i === Math.floor(rows.length / 2) ? { ...row, close: row.close + 0.01 } : row,
  );
  await client.datasets.commit({ name: 'chunk', format: 'ndjson', content: toLines(changed) });
  const download = await client.datasets.read({ name: 'chunk', version: 'latest', format: 'parquet' });
  return replaceEntry(bundle, isPriceChunk, await readAll(download));
}
