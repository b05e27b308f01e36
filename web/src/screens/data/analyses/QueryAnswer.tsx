import { Button } from '@mantine/core';
import type { AnalysisChart, QueryResult } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Chart } from '../../../components/Chart.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { toCsv } from '../../../lib/csv.ts';
import { plural } from '../../../lib/format.ts';
import { saveFile } from '../../../lib/save-file.ts';
import { toChart } from './result-chart.ts';

interface QueryAnswerProps {
  readonly result: QueryResult;
  readonly chart: AnalysisChart | null;
  /** What downloads are called. */
  readonly name: string;
}

/** What a select gave: what it read, its chart, its rows. */
export function QueryAnswer({ result, chart, name }: QueryAnswerProps) {
  const names = useMemo(() => result.columns.map((column) => column.name), [result]);
  const save = () => {
    const lines = toCsv(
      names,
      result.rows.map((row) => names.map((column) => row[column])),
    );
    saveFile(`${name}.csv`, new Blob([lines], { type: 'text/csv' }));
  };
  return (
    <div className="stack">
      <Summary>
        <Fact name="Rows">
          <Figure count value={result.rows.length} />
          {result.truncated && ' and more'}
        </Fact>
        <Fact name="Took">{`${Math.round(result.milliseconds)} ms`}</Fact>
        <Fact name="Read">
          {result.versions.length === 0
            ? 'no dataset'
            : result.versions.map((version) => (
                <span key={version}>
                  <ReferenceLink kind="dataset" to={version} />{' '}
                </span>
              ))}
        </Fact>
        <Fact name="Result">
          <span title={result.digest}>{result.digest.slice(0, 12)}</span>
        </Fact>
        <Fact name="Download">
          <Button size="compact-xs" onClick={save} disabled={result.rows.length === 0}>
            CSV
          </Button>
        </Fact>
      </Summary>
      {result.truncated && (
        <p role="status">
          Only the first {plural(result.rows.length, 'row')} are shown. Aggregate, raise the limit, or derive
          a version of the whole result.
        </p>
      )}
      {chart && <Drawing chart={chart} result={result} />}
      {result.rows.length > 0 ? (
        <RowsTable label="result" rows={result.rows} names={names} maximumHeight="480px" />
      ) : (
        <p>No rows. The columns are {names.join(', ')}.</p>
      )}
    </div>
  );
}

function Drawing({ chart, result }: { readonly chart: AnalysisChart; readonly result: QueryResult }) {
  const { leftOut, ...content } = useMemo(() => toChart(chart, result), [chart, result]);
  const series = chart.series ? `, by ${chart.series}` : '';
  const rest = leftOut > 0 ? ` (${plural(leftOut, 'line')} left out)` : '';
  return (
    <Chart
      title={`${chart.y.join(', ')} along ${chart.x}${series}${rest}`}
      height={260}
      empty="Nothing to draw: fewer than two values."
      {...content}
    />
  );
}
