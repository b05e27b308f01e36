import type { DeclaredTestCases, ModelVersion, TestCheck } from '@tidemill/contract';
import type { Caller } from '../../../base/caller.ts';

/** What a scope is told of the test it is part of. */
export interface ScopeWork {
  readonly version: ModelVersion;
  readonly cases: Pick<DeclaredTestCases, 'features' | 'acceptance'>;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  /** For files that are gone when the test ends. */
  readonly folder: string;
}

export type Scope = (work: ScopeWork) => Promise<TestCheck[]>;
