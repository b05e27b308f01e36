import type { Run } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { client } from '../../../lib/client.ts';
import { plural } from '../../../lib/format.ts';
import { nameOf } from './run-columns.tsx';

interface RunActionsProps {
  /** All active or all deleted. */
  readonly runs: readonly Run[];
  readonly onDone?: () => void;
}

/** Deletes runs, or takes deleted ones back. */
export function RunActions({ runs, onDone }: RunActionsProps) {
  const first = runs[0];
  if (!first) return null;
  const what = runs.length === 1 ? `Run ${nameOf(first)}` : plural(runs.length, 'run');
  const each = async (work: (id: string) => Promise<unknown>) => {
    for (const { id } of runs) await work(id);
  };
  const done = onDone && { onDone: () => onDone() };
  if (first.lifecycle === 'deleted')
    return (
      <Action
        name="Restore"
        about={`${what} will be among the active ones again.`}
        reason="none"
        run={() => each((id) => client().experiments.restoreRun({ id }))}
        {...done}
      />
    );
  return (
    <Action
      danger
      name="Delete"
      about={`${what} will be found among the deleted ones, and can be restored from there.`}
      reason="none"
      run={() => each((id) => client().experiments.deleteRun({ id }))}
      {...done}
    />
  );
}
