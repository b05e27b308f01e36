import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  StatementType,
} from '@duckdb/node-api';
import { errors } from '../../base/errors.ts';
import type { QueryRequest, TableSource } from './analytics.ts';
import { filesOf, quoteList, quoteName, quoteText, tableSql } from './sql-text.ts';

export interface Sandbox {
  readonly connection: DuckDBConnection;
  close(): void;
}

export interface SandboxLimits {
  readonly threads: number;
  readonly memory: string;
}

/** Creating an instance takes longer than a small query, so one is always made ahead. */
export function sandboxSupply(limits: SandboxLimits): { take(): Promise<Sandbox>; close(): Promise<void> } {
  let spare: Promise<Sandbox> | undefined;
  return {
    async take() {
      const taken = spare ?? freshSandbox(limits);
      spare = undefined;
      const sandbox = await taken;
      spare ??= freshSandbox(limits);
      // Whoever takes it meets the failure; until then it must not count as unhandled.
      spare.catch(() => undefined);
      return sandbox;
    },
    async close() {
      const last = await spare?.catch(() => undefined);
      spare = undefined;
      last?.close();
    },
  };
}

async function freshSandbox({ threads, memory }: SandboxLimits): Promise<Sandbox> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: memory,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  return {
    connection,
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/**
 * The order matters: the list of readable files can only be set while access is open, and the lock comes last.
 * `allowed_directories` would also allow writing there; `allowed_paths` names the files themselves.
 */
export async function seal(
  { connection }: Pick<Sandbox, 'connection'>,
  tables: Readonly<Record<string, TableSource>> = {},
  { outputs = [], spillFolder = '' }: { outputs?: readonly string[]; spillFolder?: string } = {},
): Promise<void> {
  const files = [...Object.values(tables).flatMap(filesOf), ...outputs];
  const views = Object.entries(tables).map(
    ([name, source]) => `create view ${quoteName(name)} as ${tableSql(source)}`,
  );
  const steps = [
    "set TimeZone = 'UTC'",
    ...views,
    ...(files.length > 0 ? [`set allowed_paths = ${quoteList(files)}`] : []),
    `set temp_directory = ${quoteText(spillFolder)}`,
    'set enable_external_access = false',
    'set lock_configuration = true',
  ];
  await connection.run(steps.join(';\n'));
}

/** A single select, or `queryRefused`. What is prepared here is what runs: the text is never put into another statement. */
export async function prepareSelect(
  connection: DuckDBConnection,
  { sql }: Pick<QueryRequest, 'sql'>,
): Promise<DuckDBPreparedStatement> {
  const extracted = await connection.extractStatements(sql);
  if (extracted.count !== 1) throw errors.queryRefused({ reason: `it holds ${extracted.count} statements` });
  const statement = await extracted.prepare(0);
  if (statement.statementType === StatementType.SELECT) return statement;
  statement.destroySync();
  throw errors.queryRefused({ reason: 'it is not a select' });
}
