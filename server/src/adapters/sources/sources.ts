/**
 * Places outside that tables come from. A reader brings what is there into files of ours and knows neither datasets nor
 * versions. Whoever names a place could otherwise reach what only this machine can: `SourcePolicy` says what is allowed.
 */
import type { ColumnType, SourceLocation } from '@tidemill/contract';
import type { FileFormat } from '../analytics/analytics.ts';
import type { Resolve } from '../network/network.ts';

export interface SourcePolicy {
  /** Folders whose files may be read, links resolved; none by default. */
  readonly roots: readonly string[];
  /** Also this machine and private networks. Addresses of cloud metadata are refused even so. */
  readonly allowPrivate: boolean;
  /** Of one pull, after what the transport compressed. */
  readonly maxBytes: number;
}

export interface SourceLimits {
  /** Until the first byte, and between two. */
  readonly silenceMs: number;
  /** Of a whole pull. */
  readonly totalMs: number;
  /** What a sample looks at, of text whose beginning can be read alone. */
  readonly sampleBytes: number;
  /** Redirects in a row. */
  readonly redirects: number;
  /** Files that one pattern may mean. */
  readonly files: number;
  /** Broken connections of one file after which it is gone on with, and the pause before the first. */
  readonly resumes: number;
  readonly resumeDelayMs: number;
  /** Beginnings anew because the content changed while it was read. */
  readonly restarts: number;
}

export const defaultLimits: SourceLimits = {
  silenceMs: 60_000,
  totalMs: 3_600_000,
  sampleBytes: 1 << 20,
  redirects: 5,
  files: 1000,
  resumes: 20,
  resumeDelayMs: 250,
  restarts: 3,
};

export interface SourceReaderOptions extends SourcePolicy {
  readonly limits?: Partial<SourceLimits>;
  readonly resolve?: Resolve;
}

/** Only rows whose `column` is greater than `after`; all when it is null. */
export interface CursorRange {
  readonly column: string;
  readonly after: string | null;
}

export interface FetchRequest {
  readonly from: SourceLocation;
  readonly secrets: Readonly<Record<string, string>>;
  readonly format: FileFormat | null;
  /** An empty folder of the caller's. */
  readonly folder: string;
  /** What the last successful fetch gave; a place that has not changed since says `unchanged`. */
  readonly validator: string | null;
  /** Just enough to show what it is. */
  readonly sample: boolean;
  readonly cursor: CursorRange | null;
  readonly signal: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
}

export interface FetchedFile {
  readonly path: string;
  /** What messages call it. */
  readonly label: string;
  readonly format: FileFormat;
}

export type Fetched =
  | { readonly unchanged: true }
  | {
      readonly unchanged: false;
      readonly files: readonly FetchedFile[];
      readonly bytes: number;
      readonly validator: string | null;
      /** False for a sample that was cut. */
      readonly isWhole: boolean;
      /** What the place itself says of its columns. */
      readonly types?: Readonly<Record<string, ColumnType>>;
      /** Whether only rows behind the cursor were brought. */
      readonly isBehindCursor: boolean;
    };

export interface SourceReader {
  /**
   * Fails with `sourceRefused` (policy), `sourceRejected` (the place says no, and would again), `sourceTooLarge` or
   * `sourceUnreachable` (worth another try). Messages hold no secret.
   */
  fetch(request: FetchRequest): Promise<Fetched>;
}
