import { client, forgetToken, getToken } from './client.ts';

export const loginPage = '/ui/login';

/** Only a screen of ours: an address from elsewhere must not decide where a login leads. */
export function readNext(address: URL): string {
  const next = address.searchParams.get('next') ?? '';
  const target = URL.canParse(next, address.origin) ? new URL(next, address.origin) : null;
  const isOurs =
    target?.origin === address.origin &&
    (target.pathname === '/ui' || target.pathname.startsWith('/ui/')) &&
    target.pathname !== loginPage;
  return isOurs ? target.pathname + target.search : '/ui/';
}

export const readInvitation = (address: URL): string | null =>
  new URLSearchParams(address.hash.slice(1)).get('invitation');

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
