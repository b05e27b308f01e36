import { createHash, randomBytes } from 'node:crypto';
import { errors } from '../../base/errors.ts';

/** OWASP's second choice for argon2id: 19 MiB, two passes, one lane. */
export const parameters = { memory: 19_456, passes: 2, parallelism: 1 } as const;
export const saltBytes = 16;
export const tagLength = 32;

export interface Phc {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

const toText = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');

/** `$argon2id$v=19$m=19456,t=2,p=1$salt$hash` */
export const formatPhc = ({ memory, passes, parallelism, salt, hash }: Phc): string =>
  `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${toText(salt)}$${toText(hash)}`;

export function parsePhc(text: string): Phc | null {
  const match = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([\w+/]{11,})\$([\w+/]{16,})$/.exec(
    text,
  );
  if (!match) return null;
  const [, memory, passes, parallelism, salt = '', hash = ''] = match;
  return {
    ...{ memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    ...{ salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') },
  };
}

const leastCharacters = 12;
const leastDifferent = 5;

/** @throws passwordWeak */
export function assertPassword(password: string, user: string): void {
  const characters = [...password];
  const weak = (reason: string) => errors.passwordWeak({ reason });
  if (characters.length < leastCharacters) throw weak(`it has less than ${leastCharacters} characters`);
  if (new Set(characters).size < leastDifferent)
    throw weak(`it has less than ${leastDifferent} different characters`);
  if (password.toLowerCase() === user.toLowerCase()) throw weak('it is the name of the user');
  if (password.startsWith('tdm_')) throw weak('it begins as a token does');
}

/** The owner of a server without login has this one, so that nobody else is taken for them in the audit. */
export const reservedName = 'owner';

const secret = (kind: string) => `tdm_${kind}_${randomBytes(32).toString('base64url')}`;
export const newSessionSecret = (): string => secret('ses');
export const newInvitationSecret = (): string => secret('inv');
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const hourMs = 3_600_000;
export const idleMs = 12 * hourMs;
export const sessionMs = 7 * 24 * hourMs;
export const invitationMs = 72 * hourMs;

const cookie = 'tidemill_session';

export function cookieOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  const [, value = ''] = new RegExp(`(?:^|;\\s*)${cookie}=([^;]*)`).exec(header) ?? [];
  return value || null;
}

/** Null takes it away. Read by no script, sent with no request of another site. */
export const formatCookie = (value: string | null, isSecure: boolean): string =>
  [
    `${cookie}=${value ?? ''}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    `Max-Age=${value === null ? 0 : sessionMs / 1000}`,
    ...(isSecure ? ['Secure'] : []),
  ].join('; ');
