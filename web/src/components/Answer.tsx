import type { UseQueryResult } from '@tanstack/react-query';
import { TidemillClientError } from '@tidemill/sdk';
import type { ReactNode } from 'react';
import { ErrorNotice } from './ErrorNotice.tsx';

interface AnswerProps<T> {
  readonly of: UseQueryResult<T>;
  readonly children: (value: T) => ReactNode;
  /** Room kept while the first answer is on its way, so that nothing jumps when it comes. */
  readonly height?: number;
}

/** What is not there, or was asked wrongly, is so the second time too. */
const isForGood = (error: Error): boolean =>
  error instanceof TidemillClientError && (error.status === 400 || error.status === 404);

/** What a query brought: kept on screen while a newer answer is fetched, also when that fails. */
export function Answer<T>({ of, children, height = 120 }: AnswerProps<T>) {
  if (of.data !== undefined) return children(of.data);
  if (of.error)
    return <ErrorNotice error={of.error} {...(!isForGood(of.error) && { retry: () => void of.refetch() })} />;
  return <div style={{ minHeight: height }} aria-busy="true" />;
}
