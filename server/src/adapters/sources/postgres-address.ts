import { errors } from '../../base/errors.ts';

export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Absent: encrypted unless the address is private. */
  readonly sslmode: 'disable' | 'require' | 'verify-full' | null;
  /** Without the password. */
  readonly location: string;
}

const sslmodes = ['disable', 'require', 'verify-full'] as const;

/**
 * Read here and not by the driver, which would read files of the server that an address names (`sslkey=…`).
 * No message repeats the address: it holds the password.
 * @throws sourceInvalid
 */
export function parsePostgresAddress(text: string): PostgresAddress {
  const refuse = (reason: string) =>
    errors.sourceInvalid({
      field: "secret 'url'",
      reason,
      remedy: 'Write postgres://user:password@host:5432/database?sslmode=verify-full',
    });
  const url = URL.parse(text);
  if (!url || !/^postgres(?:ql)?:$/.test(url.protocol)) throw refuse('it is no postgres:// address');
  if (url.hostname === '') throw refuse('it names no host; sockets of the server are not read');
  const database = decode(url.pathname.slice(1));
  if (!database) throw refuse('it names no database');
  for (const name of url.searchParams.keys())
    if (name !== 'sslmode') throw refuse(`the parameter '${name.slice(0, 40)}' is not read`);
  const wanted = url.searchParams.get('sslmode');
  const sslmode = sslmodes.find((mode) => mode === wanted) ?? null;
  if (wanted !== null && !sslmode) throw refuse(`its sslmode is none of ${sslmodes.join(', ')}`);
  const [user, password] = [decode(url.username), decode(url.password)];
  if (!user) throw refuse('it names no user');
  const port = Number(url.port || 5432);
  const host = decode(url.hostname) ?? '';
  const location = `postgres://${host}:${port}/${database}`;
  return { host, port, user, password: password ?? '', database, sslmode, location };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
