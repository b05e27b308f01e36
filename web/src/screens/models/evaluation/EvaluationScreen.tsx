import { useQuery } from '@tanstack/react-query';
import type { Evaluation } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { Chart } from '../../../components/Chart.tsx';
import { ComparisonFacts } from '../../../components/ComparisonFacts.tsx';
import type { ChartLine } from '../../../components/chart-options.ts';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { LinkedText, ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { toPoints } from '../../../lib/series.ts';
import { useParam } from '../../../lib/url-state.ts';

export function EvaluationScreen() {
  const id = useParam('id');
  const asked = ask('evaluation', 'get', { id });
  const evaluation = useQuery(asked);
  return (
    <Answer of={evaluation}>
      {(value) => (
        <>
          <PageHeader
            title={`${value.model ?? 'Predictions'} on ${value.dataset}`}
            trail={[{ text: 'Evaluations', to: '/evaluations' }]}
            asked={asked}
          />
          <Facts evaluation={value} />
          <div className="stack">
            <SeriesChart evaluation={value} />
            <div className="columns">
              <Panel title="Metrics">
                <MetricsTable evaluation={value} />
              </Panel>
              <div className="stack">
                {value.againstBaseline && (
                  <Panel title="Against the naive rule">
                    <ComparisonFacts comparison={value.againstBaseline} />
                  </Panel>
                )}
                {value.againstChampion && (
                  <Panel title="Against the champion">
                    <ComparisonFacts comparison={value.againstChampion} />
                  </Panel>
                )}
              </div>
            </div>
          </div>
        </>
      )}
    </Answer>
  );
}

function Facts({ evaluation }: { readonly evaluation: Evaluation }) {
  return (
    <>
      <Summary>
        <Fact name="Model">
          {evaluation.model ? <ReferenceLink kind="model" to={evaluation.model} /> : 'none named'}
        </Fact>
        <Fact name="Dataset">
          <ReferenceLink kind="dataset" to={evaluation.dataset} />
        </Fact>
        <Fact name="Target">{evaluation.target}</Fact>
        <Fact name="Window">
          {evaluation.window.from} to {evaluation.window.to}
        </Fact>
        <Fact name="Rows">{evaluation.window.rows}</Fact>
        <Fact name="Judged">
          {evaluation.refitted ? 'the recipe, refitted before the window' : 'as it is'}
        </Fact>
        <Fact name="When">
          <Time at={evaluation.createdAt} /> by {evaluation.createdBy}
        </Fact>
        <Fact name="Id">
          <span className="mono" title={evaluation.id}>
            {shortId(evaluation.id)}
          </span>
        </Fact>
      </Summary>
      {evaluation.notes.map((note) => (
        <p key={note} className="dim" style={{ marginBottom: 8 }}>
          <LinkedText>{note}</LinkedText>
        </p>
      ))}
    </>
  );
}

function toSeriesLines({ series, model, baseline, champion }: Evaluation): ChartLine[] {
  const time = (point: Evaluation['series'][number]) => Date.parse(point.time);
  const lines: ChartLine[] = [
    { name: 'truth', tone: 'text', points: toPoints(series, time, (point) => point.truth) },
    {
      name: model ?? 'prediction',
      tone: 'accent',
      points: toPoints(series, time, (point) => point.prediction),
    },
  ];
  if (baseline)
    lines.push({
      name: 'naive',
      tone: 'faint',
      dashed: true,
      points: toPoints(series, time, (point) => point.baseline),
    });
  if (champion)
    lines.push({
      name: champion.name,
      tone: 'warn',
      points: toPoints(series, time, (point) => point.champion),
    });
  return lines;
}

function SeriesChart({ evaluation }: { readonly evaluation: Evaluation }) {
  const lines = useMemo(() => toSeriesLines(evaluation), [evaluation]);
  return (
    <Chart
      title={`${evaluation.target} on the window`}
      height={300}
      lines={lines}
      empty="The window has too few rows to draw."
    />
  );
}

function MetricsTable({ evaluation }: { readonly evaluation: Evaluation }) {
  const { metrics, baseline, champion, model } = evaluation;
  const rows = Object.keys(metrics).map((metric) => ({
    metric,
    [model ?? 'prediction']: metrics[metric],
    ...(baseline && { naive: baseline.metrics[metric] ?? null }),
    ...(champion && { [champion.name]: champion.metrics[metric] ?? null }),
  }));
  return <RowsTable label="metrics" rows={rows} />;
}
