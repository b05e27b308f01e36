import { Socket } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { errors, TidemillError } from '../../base/errors.ts';
import { judgeHost, kindOfAddress, pinnedTo, type Resolve } from '../network/network.ts';
import { sourceRefusals } from './http.ts';
import { type PostgresAddress, parsePostgresAddress } from './postgres-address.ts';
import { type QueryColumn, toQueryColumns } from './postgres-columns.ts';
import { saveContent } from './saved-file.ts';
import type { Fetched, FetchRequest, SourceLimits, SourcePolicy } from './sources.ts';

type PostgresRequest = FetchRequest & { readonly from: { readonly query: string } };

const sampleRows = 200;
const sampleTimeoutMs = 30_000;
const connectTimeoutMs = 15_000;

/**
 * The rows of one SELECT as CSV: the server writes them (`COPY … TO STDOUT`), we only pass bytes on, as fast as the disk
 * takes them. In a transaction that can write nothing.
 */
export async function fetchPostgres(
  request: PostgresRequest,
  policy: SourcePolicy,
  limits: SourceLimits,
  resolve: Resolve,
): Promise<Fetched> {
  const address = parsePostgresAddress(request.secrets.url ?? '');
  const limit = AbortSignal.timeout(limits.totalMs);
  const signal = AbortSignal.any([limit, request.signal]);
  const { client, socket } = await connect(address, policy, resolve, signal);
  const stop = () => socket.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const timeoutMs = request.sample ? sampleTimeoutMs : limits.totalMs;
    await begin(client, timeoutMs);
    const query = request.from.query.trim().replace(/;\s*$/, '');
    const columns = await describe(client, query);
    const text = toStatement(query, columns, request, address.location);
    const to = join(request.folder, 'query.csv');
    const { bytes } = await saveContent(
      client.query(copyTo(`copy (${text}) to stdout (format csv, header)`)),
      {
        location: address.location,
        to,
        maxBytes: policy.maxBytes,
        sampleBytes: null,
        signal,
        onBytes: request.onBytes,
      },
    );
    return {
      unchanged: false,
      files: [{ path: to, label: 'query', format: 'csv' }],
      bytes,
      validator: null,
      isWhole: !request.sample,
      types: Object.fromEntries(columns.map(({ name, type }) => [name, type])),
      isBehindCursor: request.cursor !== null,
    };
  } catch (error) {
    if (request.signal.aborted) throw error;
    const late = limit.aborted ? `it took longer than ${limits.totalMs / 1000} s` : null;
    throw toFailure(error, address.location, late);
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

async function connect(
  address: PostgresAddress,
  policy: SourcePolicy,
  resolve: Resolve,
  signal: AbortSignal,
): Promise<{ client: pg.Client; socket: Socket }> {
  const { host, port, user, password, database, location } = address;
  const addresses = await judgeHost(host, policy, resolve, {
    refused: (reason) => sourceRefusals.refused(location, reason),
    unknown: sourceRefusals.unknown,
  });
  const isPrivate = addresses.every((each) => kindOfAddress(each.address) === 'private');
  const socket = new Socket();
  const open = socket.connect.bind(socket);
  // The name stays for the certificate; the connection goes to what was judged.
  const pinned = Object.assign(socket, {
    connect: (toPort: number, toHost: string) =>
      open({ port: toPort, host: toHost, lookup: pinnedTo(addresses) }),
  });
  const client = new pg.Client({
    ...{ host: host.replace(/^\[(.*)\]$/, '$1'), port, user, password, database },
    ssl: sslOf(address.sslmode ?? (isPrivate ? 'disable' : 'require')),
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    application_name: 'tidemill',
    stream: () => pinned,
  });
  // A connection that breaks is told by the query that was under way.
  client.on('error', () => {});
  try {
    signal.throwIfAborted();
    await client.connect();
    return { client, socket };
  } catch (error) {
    socket.destroy();
    throw toFailure(error, location, null);
  }
}

const sslOf = (mode: 'disable' | 'require' | 'verify-full') =>
  mode === 'disable' ? false : { rejectUnauthorized: mode === 'verify-full' };

/** One state of the database for description and rows; no statement in it can write or be made to. */
async function begin(client: pg.Client, timeoutMs: number): Promise<void> {
  await client.query('begin transaction isolation level repeatable read read only');
  const settings = {
    statement_timeout: String(timeoutMs),
    TimeZone: 'UTC',
    DateStyle: 'ISO, YMD',
    client_encoding: 'UTF8',
    bytea_output: 'hex',
    extra_float_digits: '1',
  };
  for (const [name, value] of Object.entries(settings))
    await client.query('select set_config($1, $2, true)', [name, value]);
}

/** On a line of its own, so that a comment at the end of the query does not swallow what follows. */
const enclosed = (query: string): string => `(\n${query}\n) as q`;

/**
 * Types by preparing the statement. A prepared statement is one statement, so what passes here holds no `;` outside
 * quotes, and neither does the same text inside COPY.
 */
async function describe(client: pg.Client, query: string): Promise<QueryColumn[]> {
  const { fields } = await client.query({
    text: `select * from ${enclosed(query)} limit $1`,
    values: [0],
  });
  const ids = fields.map(({ dataTypeID }) => dataTypeID);
  const { rows } = await client.query<{ oid: number; typcategory: string }>(
    'select oid, typcategory from pg_type where oid = any($1::oid[])',
    [ids],
  );
  return toQueryColumns(fields, new Map(rows.map(({ oid, typcategory }) => [Number(oid), typcategory])));
}

function toStatement(
  query: string,
  columns: readonly QueryColumn[],
  { cursor, sample }: PostgresRequest,
  location: string,
): string {
  const twice = columns.find(({ name }, i) => columns.findIndex((each) => each.name === name) !== i);
  if (twice)
    throw rejected(location, `two columns are called '${twice.name}'`, 'Give one another name with AS');
  const limit = sample ? ` limit ${sampleRows}` : '';
  const selected = columns.map(({ expression }) => expression).join(', ');
  const start = `select ${selected} from ${enclosed(query)}`;
  if (!cursor) return `${start}${limit}`;
  const { comparable } = columns.find(({ name }) => name === cursor.column) ?? {};
  if (comparable === undefined)
    throw rejected(location, `it gives no column '${cursor.column}'`, 'Select it');
  if (comparable === null) {
    const remedy = 'Use an integer, date, timestamp or text, or cast it in the query: amount::bigint';
    throw rejected(location, `'${cursor.column}' has a type that cannot be a cursor`, remedy);
  }
  const bound = cursor.after === null ? 'is not null' : `> ${pg.escapeLiteral(cursor.after)}`;
  return `${start} where ${comparable} ${bound} order by ${comparable}${limit}`;
}

const rejected = (location: string, reason: string, remedy: string) =>
  errors.sourceRejected({ location, reason, remedy });

/** By SQLSTATE; the driver's own words name no password. */
function toFailure(error: unknown, location: string, late: string | null): TidemillError {
  if (error instanceof TidemillError) return error;
  if (late !== null) return errors.sourceUnreachable({ location, reason: late });
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = error instanceof Error && error.message !== '' ? error.message : code || 'it breaks off';
  if (code.startsWith('28') || code === '3D000')
    return rejected(location, reason, "Check user, password and database in the secret 'url'");
  if (code === '25006' || code === '25001')
    return rejected(location, 'the query would write', 'Sources only read: write one SELECT');
  if (code === '57014')
    return rejected(location, 'the query takes too long', 'Make it faster, or read less with a cursor');
  if (code === '42601') return rejected(location, reason, 'Write one SELECT that can stand in brackets');
  if (/^(?:0A|21|22|2F|42|44)/.test(code)) return rejected(location, reason, 'Mend the query');
  return errors.sourceUnreachable({ location, reason });
}
