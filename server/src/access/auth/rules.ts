import { createHash, randomBytes } from 'node:crypto';
import type { Permission, Role } from '@tidemill/contract';

const permissions: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['read'],
  editor: ['read', 'write', 'invoke'],
  approver: ['read', 'write', 'invoke', 'approve'],
  operator: ['read', 'operate', 'invoke'],
  invoker: ['invoke'],
  admin: ['read', 'write', 'invoke', 'approve', 'operate', 'admin'],
};

export const mayRole = (role: Role, permission: Permission): boolean =>
  permission === 'public' || permissions[role].includes(permission);

/** Whether one role's permissions are all among the other's. */
export const isWithin = (role: Role, other: Role): boolean =>
  permissions[role].every((permission) => permissions[other].includes(permission));

/** 256 random bits, so one fast hash protects it; the prefix lets scanners find leaked ones. */
export const newSecret = (): string => `tdm_${randomBytes(32).toString('base64url')}`;

export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** The token in `Authorization`: Bearer, or Basic with the token as the password (MLflow's client has both). */
export function secretOf(header: string | undefined): string | null {
  const [scheme = '', value = ''] = (header ?? '').split(/\s+/, 2);
  if (/^bearer$/i.test(scheme) && value) return value;
  if (!/^basic$/i.test(scheme)) return null;
  const text = Buffer.from(value, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1) || null;
}
