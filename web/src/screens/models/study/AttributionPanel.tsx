import { Select } from '@mantine/core';
import type { AttributionReport } from '@tidemill/sdk';
import { useState } from 'react';
import { Chart } from '../../../components/Chart.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { formatNumber } from '../../../lib/format.ts';
import type { Point } from '../../../lib/series.ts';
import { featureColumns } from './feature-bars.tsx';

const mostBars = 30;

export function AttributionPanel({ report }: { readonly report: AttributionReport }) {
  const { outputs, space, background, largestGap } = report;
  const [chosen, choose] = useState(0);
  const output = outputs[chosen] ?? outputs[0];
  if (!output) return null;
  const rows = output.features.map(({ feature, meanAbsolute, interval, mean }) => ({
    feature,
    value: meanAbsolute,
    interval,
    beside: mean,
  }));
  const shown = rows.slice(0, mostBars);
  return (
    <div className="stack">
      {outputs.length > 1 && (
        <Select
          aria-label="Output"
          maw={300}
          value={String(chosen)}
          onChange={(value) => choose(Number(value ?? 0))}
          data={outputs.map(({ output: name }, k) => ({ value: String(k), label: name }))}
        />
      )}
      <Chart
        title={`Mean size of the attributions to ${output.output}, in units of the ${space}`}
        axis="category"
        categories={shown.map(({ feature }) => feature)}
        height={260}
        fromZero
        empty="The model has no feature."
        lines={[{ name: 'mean size', kind: 'bars', points: shown.map(({ value }, i): Point => [i, value]) }]}
      />
      <Panel
        title={`Features: base ${formatNumber(output.base)}, cover of ${background.rows} rows of ${background.of}, gap to the model at most ${formatNumber(largestGap)}`}
      >
        <DataTable
          plain
          label="attribution"
          rows={rows}
          columns={featureColumns(rows, { value: 'Mean size', beside: 'Mean' })}
          rowKey={({ feature }) => feature}
        />
      </Panel>
      <RowAttributions report={report} output={outputs.indexOf(output)} top={rows[0]?.feature ?? ''} />
    </div>
  );
}

/** A feature's value against what it adds, and the rows that were kept. */
function RowAttributions({
  report,
  output,
  top,
}: {
  readonly report: AttributionReport;
  readonly output: number;
  readonly top: string;
}) {
  const { features, points } = report;
  const [chosen, choose] = useState(top);
  const at = Math.max(0, features.indexOf(chosen));
  const dots = points.flatMap(({ values, outputs }): Point[] => {
    const [x, y] = [values[at], outputs[output]?.attributions[at]];
    return typeof x === 'number' && typeof y === 'number' ? [[x, y]] : [];
  });
  const rows = points.map(({ row, outputs }) => ({
    row,
    total: outputs[output]?.total ?? null,
    ...Object.fromEntries(features.map((name, f) => [name, outputs[output]?.attributions[f] ?? null])),
  }));
  return (
    <>
      <Select
        aria-label="Feature"
        maw={300}
        searchable
        value={features[at] ?? null}
        onChange={(value) => choose(value ?? top)}
        data={[...features]}
      />
      <Chart
        title={`What ${features[at] ?? ''} adds, over its value`}
        axis="value"
        height={260}
        empty="None of the rows that were kept has a number here."
        lines={[{ name: 'rows', kind: 'dots', points: dots }]}
      />
      <Panel title="What each feature adds, row by row (base + their sum = total)">
        <RowsTable label="row attributions" rows={rows} maximumHeight="420px" />
      </Panel>
    </>
  );
}
