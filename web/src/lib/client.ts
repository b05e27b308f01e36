import { queryOptions } from '@tanstack/react-query';
import { type Client, createClient } from '@tidemill/sdk';

const storedToken = 'tidemill.token';

/** The token this browser keeps; none is needed on the server's own machine, nor by who has logged in. */
export const getToken = (): string | undefined => localStorage.getItem(storedToken) ?? undefined;

const build = (): Client => createClient({ url: location.origin, ...(getToken() && { token: getToken() }) });

let current = build();

export const client = (): Client => current;

export function setToken(token: string): void {
  localStorage.setItem(storedToken, token);
  current = build();
}

export function forgetToken(): void {
  localStorage.removeItem(storedToken);
  current = build();
}

export type Domain = keyof Client & string;
export type Method<D extends Domain> = keyof Client[D] & string;
type Callable<D extends Domain, M extends Method<D>> = Client[D][M] extends (
  input: infer I,
  ...rest: never[]
) => Promise<infer R>
  ? { input: NonNullable<I>; reply: R }
  : never;
export type InputOf<D extends Domain, M extends Method<D>> = Callable<D, M>['input'];
export type ReplyOf<D extends Domain, M extends Method<D>> = Callable<D, M>['reply'];

type AnyCall = (input: unknown, options: { signal: AbortSignal }) => Promise<never>;

/** One call that changes something, for an action: what is sent, and what "as CLI" and "as HTTP" are written from. */
export function send<D extends Domain, M extends Method<D>>(domain: D, method: M, input: InputOf<D, M>) {
  const call = client()[domain][method] as (input: unknown) => Promise<ReplyOf<D, M>>;
  return { asked: { queryKey: [domain, method, input] as const }, run: () => call(input) };
}

/** One call of the interface as a query: its key says what was asked, so "as HTTP" and live updates read it too. */
export function ask<D extends Domain, M extends Method<D>>(domain: D, method: M, input: InputOf<D, M>) {
  return queryOptions<ReplyOf<D, M>>({
    queryKey: [domain, method, input] as const,
    queryFn: ({ signal }) => (client()[domain][method] as AnyCall)(input, { signal }),
  });
}
