import type { Job } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { Chart } from '../../../components/Chart.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { type Curve, toCurvePoints } from '../../../lib/curves.ts';
import { useCurves } from '../experiments/use-curves.ts';
import { commandOf } from './job-words.ts';

/** Memory and processor over time, of the whole process tree. */
export function JobResources({ job }: { readonly job: Job }) {
  const { runId, finishedAt } = job;
  if (!runId) return <EmptyState>Nothing is measured without a run.</EmptyState>;
  const memoryBytes = commandOf(job)?.resources.memoryBytes ?? null;
  return (
    <div className="stack">
      <UsageChart
        title="Memory"
        metric="system/job_memory_megabytes"
        unit="MB"
        runId={runId}
        isLive={finishedAt === null}
        limit={memoryBytes === null ? null : memoryBytes / 1e6}
      />
      <UsageChart
        title="Processor"
        metric="system/job_cpu_percentage"
        unit="% of one core"
        runId={runId}
        isLive={finishedAt === null}
        limit={null}
      />
    </div>
  );
}

interface UsageChartProps {
  readonly title: string;
  readonly metric: string;
  readonly unit: string;
  readonly runId: string;
  readonly isLive: boolean;
  /** What it may take at most, in the same unit. */
  readonly limit: number | null;
}

function UsageChart({ title, metric, unit, runId, isLive, limit }: UsageChartProps) {
  const ids = useMemo(() => [runId], [runId]);
  const curves = useCurves(ids, metric, isLive);
  return <Answer of={curves}>{([curve]) => <Usage {...{ title, unit, limit, curve }} />}</Answer>;
}

interface UsageProps extends Pick<UsageChartProps, 'title' | 'unit' | 'limit'> {
  readonly curve: Curve | undefined;
}

function Usage({ title, unit, limit, curve }: UsageProps) {
  const lines = useMemo(
    () => [{ name: title, tone: 'accent' as const, points: curve ? toCurvePoints(curve, 'relative') : [] }],
    [title, curve],
  );
  const bound = useMemo(() => (limit === null ? undefined : { name: 'limit', value: limit }), [limit]);
  return (
    <Chart
      title={title}
      unit={unit}
      axis="duration"
      fromZero
      lines={lines}
      {...(bound && { limit: bound })}
      empty="It is measured after a second, then every ten; two measures make a curve."
    />
  );
}
