// What every bench is made of; one file per comparison exports one of these.

/** Something a bench promises a figure for. */
export interface Promised {
  /** Name in the table and in `--json`. */
  readonly name: string;
  readonly unit: string;
  /** `limit`: ours must stay under it, and there is no peer. */
  readonly better: 'higher' | 'lower';
  readonly target: number;
  readonly limit?: number;
  readonly peer: { readonly name: string; readonly version: string } | null;
}

/** Figures of one promise, a round each; `peer` runs parallel to `ours`. */
export interface Measured {
  readonly name: string;
  readonly ours: readonly number[];
  readonly peer: readonly number[] | null;
}

/** The same bare work before and after, with nothing of ours in it: what the machine itself swings by. */
export interface Control {
  readonly what: string;
  readonly unit: string;
  readonly before: number;
  readonly after: number;
}

export interface Outcome {
  readonly measured: readonly Measured[];
  /** Where sorting numbers says too little about the machine. */
  readonly control?: Control;
  /** Figures that explain the others; nothing is promised for them. */
  readonly notes?: readonly string[];
}

export interface BenchContext {
  readonly rounds: number;
  /** A temporary folder, removed afterwards. */
  readonly folder: string;
  /** The `python` that has the peer's packages, where the bench names some. */
  readonly python: string | null;
  /** Progress, on standard error. */
  readonly say: (text: string) => void;
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  /** What both sides run with; printed under the table. */
  readonly settings: readonly string[];
  readonly promises: readonly Promised[];
  readonly rounds: number;
  /** A requirements file beside the bench: the peer's packages, from PyPI. */
  readonly requirements?: string;
  readonly run: (context: BenchContext) => Promise<Outcome>;
}
