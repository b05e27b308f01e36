/** Work outside the event loop: commands of users as processes, functions of ours in worker threads. */
import type { Usage } from './process-tree.ts';

export type { Usage } from './process-tree.ts';

export interface CommandSpec {
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing of the server's own (tokens, database addresses) is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Files the output is appended to. */
  readonly stdout: string;
  readonly stderr: string;
  readonly timeoutMs?: number;
  /** Resident bytes of the command and everything it started; beyond them all of it is killed. */
  readonly memoryBytes?: number;
  /** Bytes of one output file; beyond them the command is ended. */
  readonly outputBytes?: number;
  /** One `NAME=value` of `env` that no other command has: by it, processes that left the group are found and ended. */
  readonly mark?: string;
  /** What the command takes, a few times a second. */
  readonly onUsage?: (usage: Usage) => void;
  /** Ends the command and everything it started. */
  readonly signal: AbortSignal;
}

export interface CommandOutcome {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The limit that it crossed, if it was ended for that. */
  readonly stoppedFor: 'time' | 'memory' | 'output' | null;
}

export interface Executor {
  /**
   * Resolves when the command has ended, however it ended; then nothing it started is left running.
   * Fails with `commandNotStarted` only. Not idempotent.
   */
  run(spec: CommandSpec): Promise<CommandOutcome>;
  /** Kills what a command of an earlier process of ours left running; see `CommandSpec.mark`. */
  endMarked(mark: string): Promise<void>;
}

export interface ComputeTask {
  /** A module of ours; its functions take `(input, report)` and what they take and give must survive a structured clone. */
  readonly module: URL;
  /** The exported function to call. */
  readonly name: string;
  readonly input: unknown;
  /**
   * Set for a function that runs native code such as DuckDB: ending its thread would end the whole program, so an
   * abort then only frees the caller and makes the next `report` throw.
   */
  readonly native?: boolean;
}

export interface ComputeOptions {
  /** Ends the thread at once (see `native`). */
  readonly signal?: AbortSignal;
  /** What the function reports on its way, in order, all before the promise settles. */
  readonly onProgress?: (progress: never) => void;
}

export interface Compute {
  /**
   * Fails with what the function threw (errors of the catalogue stay themselves), with `computeBusy` when the queue
   * is full or `computeCancelled` when aborted.
   */
  compute<T>(task: ComputeTask, options?: ComputeOptions): Promise<T>;
  close(): Promise<void>;
}
