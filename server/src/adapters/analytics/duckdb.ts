import { availableParallelism } from 'node:os';
import { type DuckDBConnection, DuckDBInstance, type DuckDBResult } from '@duckdb/node-api';
import { fileAligner } from './align-file.ts';
import type { Analytics, ImportRequest, NumbersRequest, QueryRequest } from './analytics.ts';
import type { ArrowOrder } from './arrow-worker.ts';
import { connectionPool, interruptible } from './connections.ts';
import { copyLines } from './copy-lines.ts';
import { copyQuery } from './copy-query.ts';
import { copyResult } from './copy-result.ts';
import { cutCells } from './cut-cells.ts';
import { countRows, describeFile } from './describe-file.ts';
import { fileDigester } from './digest-file.ts';
import { arrowOrder, exportFile, isPlain } from './export-file.ts';
import { countEqual, gatherRows } from './gather-rows.ts';
import { importFile } from './import-file.ts';
import type { PieceTools } from './import-pieces.ts';
import { toNumbers } from './numbers.ts';
import { bindParameters } from './parameters.ts';
import { named } from './query-failure.ts';
import { toColumns, toRows } from './results.ts';
import { defaultSizes } from './row-digest.ts';
import { prepareSelect, sandboxSupply, seal } from './sandbox.ts';
import { sealedEngines } from './sealed-engine.ts';
import { splitFile } from './split-file.ts';
import { withTables } from './sql-text.ts';
import { workerOrders } from './worker-orders.ts';

export interface DuckdbOptions {
  /** Queries at once; the next `maxQueue` wait, later ones fail with `analyticsBusy`. */
  readonly concurrency?: number;
  readonly maxQueue?: number;
  /** DuckDB's memory limit, for the trusted instance and for each sandbox: `2GB`. */
  readonly memory?: string;
  readonly sandboxMemory?: string;
  /** How long a user's select may run: there are two seats, and one may hold a select that never ends. Ten minutes. */
  readonly sandboxMs?: number;
  /** Bytes of a CSV that are typed and digested together where it may be cut. 32 MiB. */
  readonly pieceBytes?: number;
  /** Where larger-than-memory work spills; none when absent. */
  readonly spillFolder?: string;
}

const defaultPieceBytes = 32 << 20;
const sandboxRows = 10_000;
const tenMinutes = 600_000;

/** `read` must take all it wants from the result: the statement is gone afterwards. */
async function runQuery<T>(
  connection: DuckDBConnection,
  request: QueryRequest,
  read: (result: DuckDBResult) => Promise<T>,
): Promise<T> {
  const statement = await connection.prepare(withTables(request.sql, request.tables));
  try {
    bindParameters(statement, request.parameters);
    return await read(await statement.stream());
  } finally {
    statement.destroySync();
  }
}

async function readNumbers(connection: DuckDBConnection, request: NumbersRequest) {
  // How far a query may be ahead of its reader: with less than this its threads stop and go.
  await connection.run("set streaming_buffer_size = '16MB'");
  return runQuery(connection, request, (result) => toNumbers(result, request));
}

function withTimeLimit(signal: AbortSignal | undefined, ms: number): AbortSignal {
  const limit = AbortSignal.timeout(ms);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}

export async function openDuckdb(options: DuckdbOptions = {}): Promise<Analytics> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(availableParallelism()),
    memory_limit: options.memory ?? '2GB',
    temp_directory: options.spillFolder ?? '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const setup = await instance.connect();
  await setup.run("set global TimeZone = 'UTC'");
  setup.closeSync();
  const limits = { size: options.concurrency ?? 3, maxQueue: options.maxQueue ?? 256 };
  const pool = connectionPool(instance, limits);
  // Sandboxes have instances of their own; these seats only count them.
  const sandboxSeats = connectionPool(instance, { ...limits, size: 2 });
  const sandboxes = sandboxSupply({ threads: 1, memory: options.sandboxMemory ?? '512MB' });
  const sandboxMs = options.sandboxMs ?? tenMinutes;
  const engines = sealedEngines({
    memory: options.memory ?? '2GB',
    spillFolder: options.spillFolder,
    maxQueue: limits.maxQueue,
  });
  const digester = fileDigester({ maxQueue: limits.maxQueue });
  const aligner = fileAligner();
  const arrowFiles = workerOrders<ArrowOrder, null>(new URL('./arrow-worker.ts', import.meta.url), {
    maxQueue: limits.maxQueue,
  });

  const toolsFor = ({ signal }: ImportRequest): PieceTools => ({
    connect: () => instance.connect(),
    digest: () => digester.open(defaultSizes, signal),
    pieceBytes: options.pieceBytes ?? defaultPieceBytes,
  });

  /** The sealed select's chunks, inside a sandbox that is thrown away afterwards. */
  const inSandbox = <T>(request: QueryRequest, read: (result: DuckDBResult) => Promise<T>): Promise<T> =>
    named(() =>
      sandboxSeats.use(async () => {
        const sandbox = await sandboxes.take();
        try {
          await seal(sandbox, request.tables);
          const signal = withTimeLimit(request.signal, sandboxMs);
          return await interruptible(sandbox.connection, signal, async () => {
            const { maxCell } = request;
            const given =
              maxCell === undefined ? request : await cutCells(sandbox.connection, request, maxCell);
            const statement = await prepareSelect(sandbox.connection, given);
            bindParameters(statement, request.parameters);
            return read(await statement.stream());
          });
        } finally {
          sandbox.close();
        }
      }),
    );

  return {
    query: (request) =>
      named(() => pool.use((c) => runQuery(c, request, (result) => toRows(result, request)), request.signal)),
    columns: (request) =>
      named(() =>
        pool.use((c) => runQuery(c, request, (result) => toColumns(result, request.maxRows)), request.signal),
      ),
    numbers: (request) => named(() => pool.use((c) => readNumbers(c, request), request.signal)),
    copy: (request) => named(() => pool.use((connection) => copyQuery(connection, request), request.signal)),
    copyLines: (request) =>
      named(() => pool.use((connection) => copyLines(connection, request), request.signal)),
    splitFile: (files, slices) => named(() => pool.use((connection) => splitFile(connection, files, slices))),
    countRows: (paths) => named(() => pool.use((connection) => countRows(connection, paths))),
    sandboxedQuery: (request) =>
      inSandbox(request, (result) => toRows(result, { ...request, maxRows: request.maxRows ?? sandboxRows })),
    sandboxedCopy: (request) =>
      inSandbox(request, (result) =>
        pool.use((connection) => copyResult(connection, result, request), request.signal),
      ),
    sealed: (request, work) => engines.use(request, work),
    importFile: (request) =>
      named(() =>
        pool.use((connection) => importFile(connection, request, toolsFor(request)), request.signal),
      ),
    async exportFile(request) {
      if (isPlain(request))
        await named(() => pool.use((connection) => exportFile(connection, request), request.signal));
      else await arrowFiles.ask(arrowOrder(request), request.signal);
    },
    describeFile: (path) => named(() => pool.use((connection) => describeFile(connection, path))),
    async digestFile(path, { sizes = defaultSizes, signal } = {}) {
      const chunks = await digester.digest(typeof path === 'string' ? [path] : path, sizes, signal);
      return { chunks, rows: chunks.reduce((sum, chunk) => sum + chunk.rows, 0) };
    },
    alignFile: (request) => aligner.align(request),
    gatherRows: (request) => named(() => pool.use((connection) => gatherRows(connection, request))),
    countEqual: (rows, other) => named(() => pool.use((connection) => countEqual(connection, rows, other))),
    async close() {
      await Promise.all([
        sandboxSeats.close(),
        engines.close(),
        pool.close(),
        digester.close(),
        aligner.close(),
        arrowFiles.close(),
      ]);
      await sandboxes.close();
      instance.closeSync();
    },
  };
}
