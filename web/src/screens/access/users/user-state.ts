import type { User } from '@tidemill/sdk';

/** Whether somebody can log in, and if not, why. */
export const stateOf = (
  user: Pick<User, 'disabledAt' | 'hasPassword'>,
): 'disabled' | 'active' | 'invited' => {
  if (user.disabledAt !== null) return 'disabled';
  return user.hasPassword ? 'active' : 'invited';
};
