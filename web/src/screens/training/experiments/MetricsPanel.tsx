import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { MetricPoint, Run } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { Chart } from '../../../components/Chart.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { ask } from '../../../lib/client.ts';
import { toPoints } from '../../../lib/series.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';

/** The last value of each metric, and the course of one. */
export function MetricsPanel({ run }: { readonly run: Run }) {
  const [search, change] = useScreenSearch();
  const names = Object.keys(run.metrics).sort();
  const metric = names.find((name) => name === search.metric) ?? names[0];
  if (!metric) return <EmptyState>This run logged no metric.</EmptyState>;
  return (
    <div className="columns">
      <FieldsTable label="metrics" fields={run.metrics} none="This run logged no metric." />
      <div className="stack">
        <div className="row">
          <NativeSelect
            aria-label="Metric"
            data={names}
            value={metric}
            onChange={(event) => change({ metric: event.currentTarget.value })}
          />
        </div>
        <Course id={run.id} metric={metric} />
      </div>
    </div>
  );
}

function Course({ id, metric }: { readonly id: string; readonly metric: string }) {
  const history = useQuery(ask('experiments', 'metricHistory', { id, key: metric, limit: 1000 }));
  return (
    <Answer of={history} height={246}>
      {({ items }) => <CourseChart metric={metric} items={items} />}
    </Answer>
  );
}

function CourseChart({ metric, items }: { readonly metric: string; readonly items: readonly MetricPoint[] }) {
  const lines = useMemo(
    () => [
      {
        name: metric,
        tone: 'accent' as const,
        points: toPoints(
          items,
          (point) => point.step,
          (point) => point.value,
        ),
      },
    ],
    [metric, items],
  );
  return (
    <Chart title={`${metric} by step`} axis="number" lines={lines} empty="Logged once: a value, no course." />
  );
}
