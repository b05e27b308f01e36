import { type InfiniteData, infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { client, type Domain, type InputOf, type Method, type ReplyOf } from './client.ts';
import type { Asked } from './http-form.ts';

interface PageOf<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string | null;
}
type ItemOf<R> = R extends { items: readonly (infer T)[] } ? T : never;

/** A list as far as it has been read. */
export interface List<T> {
  readonly items: readonly T[] | undefined;
  readonly error: unknown;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  loadMore(): void;
  retry(): void;
  readonly asked: Asked;
}

const pageSize = 200;

/** Reads a list page by page; what was loaded stays and is kept fresh as a whole. */
export function useList<D extends Domain, M extends Method<D>>(
  domain: D,
  method: M,
  input: Omit<InputOf<D, M>, 'cursor' | 'limit'>,
): List<ItemOf<ReplyOf<D, M>>> {
  type Item = ItemOf<ReplyOf<D, M>>;
  type Read = (input: unknown, options: { signal: AbortSignal }) => Promise<PageOf<Item>>;
  const queryKey = [domain, method, input] as const;
  const query = useInfiniteQuery(
    infiniteQueryOptions<
      PageOf<Item>,
      Error,
      InfiniteData<PageOf<Item>>,
      typeof queryKey,
      string | undefined
    >({
      // Other readers of the same key keep single answers; pages must not mix with them.
      queryKey: [...queryKey, 'pages'] as unknown as typeof queryKey,
      queryFn: ({ signal, pageParam }) =>
        (client()[domain][method] as Read)({ ...input, limit: pageSize, cursor: pageParam }, { signal }),
      initialPageParam: undefined,
      getNextPageParam: (last) => last.nextCursor ?? undefined,
    }),
  );
  const items = useMemo(() => query.data?.pages.flatMap((page) => [...page.items]), [query.data]);
  return {
    items,
    error: query.error,
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => void query.fetchNextPage(),
    retry: () => void query.refetch(),
    asked: { queryKey },
  };
}
