import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { TidemillClientError } from '@tidemill/sdk';
import { goToLogin } from '../lib/login.ts';

const longestRetries = 2;

/** A wrong password is told where it was typed; whoever is not known, or no longer, logs in. */
function onError(error: unknown): void {
  if (error instanceof TidemillClientError && error.status === 401 && error.code !== 'loginRefused')
    goToLogin();
}

/** What was refused stays refused; only an unreachable or failing server is asked again. */
const isWorthRetry = (failures: number, error: unknown) =>
  failures < longestRetries &&
  !(error instanceof TidemillClientError && error.status > 0 && error.status < 500);

export const createQueries = (): QueryClient =>
  new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      // Events say when something is stale; until then an answer is good.
      queries: { staleTime: 30_000, refetchOnWindowFocus: true, retry: isWorthRetry },
    },
  });
