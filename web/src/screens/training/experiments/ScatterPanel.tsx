import { NativeSelect } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Chart } from '../../../components/Chart.tsx';
import type { ChartLine } from '../../../components/chart-options.ts';
import { EmptyState } from '../../../components/EmptyState.tsx';
import classes from './Compare.module.css';
import type { ComparedRun } from './compare-rules.ts';

/** A list of thousands is no list to choose from. */
const mostChoices = 500;

/** One measure against another or against a numeric parameter, a mark per run. */
export function ScatterPanel({ compared }: { readonly compared: readonly ComparedRun[] }) {
  const measures = useMemo(() => toMeasures(compared), [compared]);
  const [across, setAcross] = useState<string>();
  const [up, setUp] = useState<string>();
  const x = measures.find((name) => name === across) ?? findVaried(measures, compared) ?? measures[0];
  const y = measures.find((name) => name === up) ?? measures.findLast((m) => m.startsWith('metrics.')) ?? x;
  const lines = useMemo(() => (x && y ? toMarks(compared, x, y) : []), [compared, x, y]);
  if (!x || !y) return <EmptyState>These runs have no number to draw.</EmptyState>;
  return (
    <>
      <div className={classes.tools}>
        <NativeSelect
          label="Across"
          data={[...measures]}
          value={x}
          onChange={(event) => setAcross(event.currentTarget.value)}
        />
        <NativeSelect
          label="Up"
          data={[...measures]}
          value={y}
          onChange={(event) => setUp(event.currentTarget.value)}
        />
      </div>
      <Chart
        title={`${y} by ${x}`}
        axis="value"
        lines={lines}
        height={420}
        empty="No run has both of these as a number."
      />
    </>
  );
}

const numberOf = (text: string | undefined): number | null =>
  text === undefined || text.trim() === '' || !Number.isFinite(Number(text)) ? null : Number(text);

function toMeasures(compared: readonly ComparedRun[]): readonly string[] {
  const parameters = compared.flatMap(({ run }) =>
    Object.entries(run.parameters).flatMap(([key, value]) =>
      numberOf(value) === null ? [] : [`parameters.${key}`],
    ),
  );
  const metrics = compared.flatMap(({ run }) => Object.keys(run.metrics).map((key) => `metrics.${key}`));
  return [...new Set([...parameters.sort(), ...metrics.sort()])].slice(0, mostChoices);
}

function measure({ run }: ComparedRun, name: string): number | null {
  const key = name.slice(name.indexOf('.') + 1);
  return name.startsWith('metrics.') ? (run.metrics[key] ?? null) : numberOf(run.parameters[key]);
}

/** The first that is not the same for all. */
const findVaried = (measures: readonly string[], compared: readonly ComparedRun[]) =>
  measures.find((name) => new Set(compared.map((entry) => measure(entry, name))).size > 1);

function toMarks(compared: readonly ComparedRun[], x: string, y: string): ChartLine[] {
  return compared.map((entry) => {
    const [across, up] = [measure(entry, x), measure(entry, y)];
    const points = across === null || up === null ? [] : [[across, up] as const];
    return { name: entry.name, kind: 'markers', points };
  });
}
