import type { LoopRun } from '@tidemill/sdk';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Timeline } from '../../../components/Timeline.tsx';

/** A loop run from its trigger to its decision. */
export function LoopRunTimeline({ run }: { readonly run: LoopRun }) {
  const steps = run.steps.map((step) => ({
    title: step.name,
    state: step.state,
    text: step.text,
    at: step.startedAt,
    until: step.finishedAt,
    uri: step.uri,
  }));
  return <Timeline steps={steps} known={run.candidate ? [`model:${run.candidate}`] : []} />;
}

/** The verdict once there is one, until then the state. */
export const LoopRunVerdict = ({ run }: { readonly run: LoopRun }) => (
  <StatusBadge state={run.verdict ?? run.state} />
);
