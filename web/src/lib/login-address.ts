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
