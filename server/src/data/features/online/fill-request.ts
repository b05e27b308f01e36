/** What is asked of a run that brings a view online, and what came of it. */
import type { FeatureView } from '@tidemill/contract';
import type { Bindings, BoundSql } from '../../datasets/service.ts';

export interface FillRequest {
  readonly view: FeatureView;
  readonly bound: BoundSql;
  /** The dataset versions that are read. */
  readonly bindings: Bindings;
  /** Asked when the view's rows are there: its SQL may have read the clock. */
  readonly now: () => number;
  /** Only what differs from this run, if what it wrote is still known here, and all there is online. */
  readonly since: string | null;
  /** Under this name what is written now will be known. */
  readonly id: string;
  readonly isIncremental: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (step: string, rows: number) => void;
}

export interface Filled {
  readonly entities: number;
  readonly written: number;
  readonly newestEventTime: number | null;
  /** Rows whose event, or whose becoming known, lies ahead. */
  readonly pending: number;
}
