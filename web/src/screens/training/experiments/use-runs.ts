import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  useInfiniteQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { Run } from '@tidemill/sdk';
import { useCallback, useMemo } from 'react';
import { client, type InputOf, type ReplyOf } from '../../../lib/client.ts';
import type { Asked } from '../../../lib/http-form.ts';

export type RunsAsked = Omit<InputOf<'experiments', 'searchRuns'>, 'cursor' | 'limit'>;
type RunsPage = ReplyOf<'experiments', 'searchRuns'>;

/** The first page is small, so that something stands there at once. */
const firstPage = 100;
const nextPages = 500;
/** Further down a list stands still until asked: every event would fetch all of its pages again. */
const livePages = 2;

export interface Runs {
  readonly items: readonly Run[] | undefined;
  readonly error: unknown;
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  /** Whether it follows what happens on the server. */
  readonly isLive: boolean;
  loadMore(): void;
  refresh(): void;
  readonly asked: Asked;
}

/** Runs in the server's order, page by page as one scrolls. */
export function useRuns(input: RunsAsked, isReady: boolean): Runs {
  const queryKey = useMemo(() => ['experiments', 'searchRuns', input, 'table'] as const, [input]);
  const query = useInfiniteQuery(
    infiniteQueryOptions<RunsPage, Error, InfiniteData<RunsPage>, typeof queryKey, string | undefined>({
      queryKey,
      queryFn: ({ signal, pageParam }) =>
        client().experiments.searchRuns(
          { ...input, limit: pageParam === undefined ? firstPage : nextPages, cursor: pageParam },
          { signal },
        ),
      // Another column or order: what stands there stays until it has come.
      placeholderData: keepPreviousData,
      initialPageParam: undefined,
      getNextPageParam: (last) => last.nextCursor ?? undefined,
      enabled: ({ state }) => isReady && (state.data?.pages.length ?? 0) <= livePages,
    }),
  );
  const queries = useQueryClient();
  const { hasNextPage, isFetching, fetchNextPage, data } = query;
  // A run that started meanwhile moves the others on by one: who stood last on a page comes again on the next.
  const items = useMemo(
    () => data && [...new Map(data.pages.flatMap((page) => page.items).map((run) => [run.id, run])).values()],
    [data],
  );
  const loadMore = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  return {
    items,
    error: query.error,
    hasMore: hasNextPage,
    isLoading: isFetching,
    isLive: (data?.pages.length ?? 0) <= livePages,
    loadMore,
    refresh: () => void queries.resetQueries({ queryKey }),
    asked: { queryKey },
  };
}
