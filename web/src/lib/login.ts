import { client, forgetToken, getToken } from './client.ts';
import { loginPage } from './login-address.ts';

/** Leaves for the page of the login, to come back to this screen. */
export function goToLogin(): void {
  const { pathname, search } = location;
  if (pathname === loginPage) return;
  location.assign(`${loginPage}?next=${encodeURIComponent(pathname + search)}`);
}

/** Ends the session, or forgets the token. Everything is read anew: nothing of before stays on the screen. */
export async function leave(): Promise<void> {
  if (getToken()) forgetToken();
  else await client().account.logout();
  location.assign('/ui/');
}
