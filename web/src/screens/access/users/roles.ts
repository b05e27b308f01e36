import type { Role } from '@tidemill/sdk';

/** From the least to the most. */
export const roles: readonly Role[] = [
  'none',
  'invoker',
  'viewer',
  'editor',
  'operator',
  'approver',
  'admin',
];
