import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { errors } from '../../base/errors.ts';
import type { SealedEngine, SealedRequest, SealedSelect } from './analytics.ts';
import { castToOurs, columnTypeOf } from './column-types.ts';
import { interruptible } from './connections.ts';
import { named } from './query-failure.ts';
import { toRows } from './results.ts';
import { prepareSelect, seal } from './sandbox.ts';
import { quoteText } from './sql-text.ts';
import { walk } from './walk.ts';

export interface SealedEngineOptions {
  readonly memory: string;
  readonly spillFolder: string | undefined;
  /** Works that may wait for the one before; later ones fail with `analyticsBusy`. */
  readonly maxQueue: number;
}

/** See `Analytics.sealed`: one engine at a time, made for the work and thrown away after it. */
export function sealedEngines(options: SealedEngineOptions) {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (waiting >= options.maxQueue) throw errors.analyticsBusy({ waiting });
    waiting += 1;
    const before = last;
    const turn = (async () => {
      await before.catch(() => undefined);
      waiting -= 1;
      return work();
    })();
    last = turn.catch(() => undefined);
    return turn;
  }

  async function run<T>(request: SealedRequest, work: (engine: SealedEngine) => Promise<T>): Promise<T> {
    // What one engine spills must not be there to read for another.
    const spillFolder = options.spillFolder && join(options.spillFolder, `sealed-${randomUUID()}`);
    const instance = await DuckDBInstance.create(':memory:', {
      threads: String(request.threads ?? availableParallelism()),
      memory_limit: options.memory,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const connection = await instance.connect();
    try {
      const { outputs = [], tables, signal } = request;
      await named(() => seal({ connection }, tables, { outputs, ...(spillFolder && { spillFolder }) }));
      return await interruptible(connection, signal, () => work(engineOn(instance, connection)));
    } finally {
      connection.closeSync();
      instance.closeSync();
      if (spillFolder) await rm(spillFolder, { recursive: true, force: true });
    }
  }

  return {
    use: <T>(request: SealedRequest, work: (engine: SealedEngine) => Promise<T>): Promise<T> =>
      inTurn(() => run(request, work)),
    async close(): Promise<void> {
      await last;
    },
  };
}

function engineOn(instance: DuckDBInstance, connection: DuckDBConnection): SealedEngine {
  return {
    select: (sql) => named(() => select(connection, sql)),
    run: (sql) => named(() => runOne(connection, sql)),
    query: (sql) => named(async () => toRows(await connection.stream(sql), {})),
    copy: (sql, to) =>
      named(() =>
        runOne(
          connection,
          `copy (${sql}\n) to ${quoteText(to)} (format parquet, compression lz4_raw, use_tmp_file false)`,
        ),
      ),
    walk: (request, step) => named(() => walk(instance, connection, request, step)),
  };
}

/** Prepared, since only a single statement can be: a user's text must not bring a second one along. */
async function runOne(connection: DuckDBConnection, sql: string): Promise<void> {
  const statement = await connection.prepare(sql);
  try {
    await statement.run();
  } finally {
    statement.destroySync();
  }
}

/** In a sealed connection alone. */
export async function select(connection: DuckDBConnection, sql: string): Promise<SealedSelect> {
  const statement = await prepareSelect(connection, { sql });
  const types = Array.from({ length: statement.columnCount }, (_, i) => String(statement.columnType(i)));
  const names = uniqueNames(types.map((_, i) => statement.columnName(i)));
  statement.destroySync();
  const raw = types.map((_, i) => `r${i}`).join(', ');
  const cast = types.map((type, i) => `${castToOurs(`r${i}`, type)} as c${i}`).join(', ');
  return {
    columns: names.map((name, i) => ({ name, type: columnTypeOf(types[i] ?? '') })),
    from: `(select ${cast} from (${sql}\n) as given_(${raw}))`,
  };
}

/** As DuckDB's own client does it: `a`, `a:1`. */
function uniqueNames(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}:${count}`;
  });
}
