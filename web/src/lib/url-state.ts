import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import type { ScreenSearch } from './search.ts';

/** What the address says, and the way to change parts of it in place (a filter is no step back in history). */
export function useScreenSearch(): readonly [ScreenSearch, (change: Partial<ScreenSearch>) => void] {
  const search = useSearch({ strict: false }) as ScreenSearch;
  const navigate = useNavigate();
  const change = useCallback(
    (part: Partial<ScreenSearch>) =>
      void navigate({
        to: '.',
        search: ((before: ScreenSearch) => ({ ...before, ...part })) as never,
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  return [search, change];
}

/** A parameter of the path; its route guarantees that it is there. */
export function useParam(name: 'name' | 'version' | 'id'): string {
  const parameters = useParams({ strict: false }) as Readonly<Record<string, string | undefined>>;
  return parameters[name] ?? '';
}
