/** The tables that both sides read: one Parquet file per feature view. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { createClient } from '@tidemill/sdk';

type Client = ReturnType<typeof createClient>;

export interface Shape {
  readonly views: number;
  readonly features: number;
  readonly entities: number;
}

export const featureNames = (view: number, features: number): string[] =>
  Array.from({ length: features }, (_, k) => `v${view}_f${k}`);

/** Doubles with all their digits, one in fifty missing; times of one day, a week ago, to the second as Feast keeps them. */
function rowsSql(view: number, { features, entities }: Shape): string {
  const columns = featureNames(view, features).map(
    (name, k) =>
      `case when hash(i, ${view * 100 + k}) % 50 > 0 then (hash(i, ${view * 100 + k}) % 1000000007) / 997.0 end as ${name}`,
  );
  const times = `date_trunc('second', now()::timestamp) - interval 7 days - to_seconds(cast(hash(i, ${view}) % 86400 as integer))`;
  return `select i as id, ${times} as event_time, ${columns.join(', ')} from range(${entities}) t(i)`;
}

export async function writeTables(folder: string, shape: Shape): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '2GB' });
  const connection = await instance.connect();
  for (let view = 0; view < shape.views; view += 1)
    await connection.run(
      `copy (${rowsSql(view, shape)}) to '${join(folder, `v${view}.parquet`)}' (format parquet, compression zstd)`,
    );
  connection.closeSync();
  instance.closeSync();
}

/** The same tables as datasets, and a view of each. */
export async function defineViews(client: Client, folder: string, shape: Shape): Promise<void> {
  for (let view = 0; view < shape.views; view += 1) {
    const name = `v${view}`;
    const content = createReadStream(join(folder, `${name}.parquet`));
    await client.datasets.commit({ name, format: 'parquet', content });
    const sql = `select id, event_time, ${featureNames(view, shape.features).join(', ')} from ${name}`;
    await client.features.put({ name, sql, entity: ['id'], eventTime: 'event_time', ttl: '3650d' });
  }
}
