export interface Report {
  /** Number of the trial. */
  readonly number: number;
  /** An integer from 0, such as an epoch. */
  readonly step: number;
  /** In the goal's own sense; may be NaN. */
  readonly value: number;
}

/**
 * Stops trials that promise little; for one goal. What it answers depends on the reports and ends so far and their order:
 * telling a new pruner what is stored, in the order in which it came, makes the old one again.
 */
export interface Pruner {
  /** Takes a report in; true when the trial should stop. Of several reports of one step the first counts. */
  report(report: Report): boolean;
  /** Says that a trial has ended; those that are complete are what others are measured by. */
  end(number: number, state: 'complete' | 'pruned' | 'failed'): void;
}

/** What a trial has reported so far; what is to be maximized has its sign turned. */
export interface TrialReports {
  readonly number: number;
  readonly values: ReadonlyMap<number, number>;
  /** The highest step. */
  readonly lastStep: number;
  /** The highest step but one; -1 where there is none. */
  readonly stepBefore: number;
  /** The least value that is not NaN; NaN where all are. */
  readonly best: number;
}

/** How a pruner decides. */
export interface PruningRule {
  /** Should this trial, of which something new is known, stop? */
  judge(trial: TrialReports): boolean;
  /** A trial that has reported is complete. */
  learn(trial: TrialReports): void;
  /** How many trials are complete, those included that never reported. */
  count?(complete: number): void;
}
