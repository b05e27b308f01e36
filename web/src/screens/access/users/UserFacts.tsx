import type { UserDetails } from '@tidemill/sdk';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { Time } from '../../../components/Time.tsx';

/** What is known of a user, and all that they may. */
export function UserFacts({ user }: { readonly user: UserDetails }) {
  return (
    <Summary>
      <Fact name="Role in the workspace">{user.role}</Fact>
      <Fact name="Password">
        {user.hasPassword ? (
          <>
            set <Time at={user.passwordChangedAt} />
          </>
        ) : (
          'none yet'
        )}
      </Fact>
      <Fact name="Last login">
        <Time at={user.lastLoginAt} />
      </Fact>
      <Fact name="Groups">{user.groups.join(', ') || 'none'}</Fact>
      <Fact name="Further roles" wide>
        {user.grants
          .map(({ role, resource, to }) => {
            const from = to.startsWith('group:') ? ` by ${to}` : '';
            return `${role} of ${resource ?? 'all'}${from}`;
          })
          .join(', ') || 'none'}
      </Fact>
    </Summary>
  );
}
