import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Evaluation } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { Chart } from '../../../components/Chart.tsx';
import type { ChartLine } from '../../../components/chart-options.ts';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { LinkedText, ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { toPoints } from '../../../lib/series.ts';
import { useParam, useScreenSearch } from '../../../lib/url-state.ts';
import { CurvesPanel } from './CurvesPanel.tsx';
import { ConfusionPanel, ResidualsPanel } from './ErrorsPanel.tsx';
import { MetricsPanel } from './MetricsPanel.tsx';
import { SlicesPanel } from './SlicesPanel.tsx';

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
          <Findings evaluation={value} />
        </>
      )}
    </Answer>
  );
}

/** The tabs; beside it another evaluation that the address names. */
function Findings({ evaluation }: { readonly evaluation: Evaluation }) {
  const [{ ids }] = useScreenSearch();
  const other = useQuery({ ...ask('evaluation', 'get', { id: ids ?? '' }), enabled: ids !== undefined });
  const beside = ids === undefined ? undefined : other.data;
  const { slices, worst, curves, confusion, residuals, series } = evaluation;
  return (
    <>
      <BesidePicker evaluation={evaluation} />
      {other.error && ids !== undefined && <ErrorNotice error={other.error} retry={() => other.refetch()} />}
      <Detail
        tabs={[
          {
            id: 'metrics',
            title: 'Metrics',
            render: () => <MetricsPanel evaluation={evaluation} beside={beside} />,
          },
          ...(series.length > 0
            ? [{ id: 'series', title: 'In time', render: () => <SeriesChart evaluation={evaluation} /> }]
            : []),
          ...(slices.length > 0 || worst
            ? [
                {
                  id: 'slices',
                  title: 'Slices',
                  count: slices.length,
                  render: () => <SlicesPanel evaluation={evaluation} />,
                },
              ]
            : []),
          ...(curves.length > 0
            ? [
                {
                  id: 'curves',
                  title: 'Curves',
                  render: () => <CurvesPanel evaluation={evaluation} beside={beside} />,
                },
              ]
            : []),
          ...(confusion
            ? [
                {
                  id: 'confusion',
                  title: 'Confusion',
                  render: () => <ConfusionPanel confusion={confusion} />,
                },
              ]
            : []),
          ...(residuals
            ? [
                {
                  id: 'residuals',
                  title: 'Residuals',
                  render: () => <ResidualsPanel residuals={residuals} />,
                },
              ]
            : []),
        ]}
      />
    </>
  );
}

/** Another evaluation of the same task, whose figures and curves stand beside. */
function BesidePicker({ evaluation }: { readonly evaluation: Evaluation }) {
  const [{ ids }, change] = useScreenSearch();
  const list = useQuery(ask('evaluation', 'list', { task: evaluation.task, limit: 100 }));
  const others = (list.data?.items ?? []).filter(({ id }) => id !== evaluation.id);
  if (others.length === 0) return null;
  return (
    <Select
      aria-label="Beside another evaluation"
      placeholder="Beside another evaluation"
      clearable
      searchable
      maw={420}
      mb={12}
      value={ids ?? null}
      onChange={(id) => change({ ids: id ?? undefined })}
      data={others.map(({ id, model, dataset }) => ({
        value: id,
        label: `${model ?? 'predictions'} on ${dataset} · ${shortId(id)}`,
      }))}
    />
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
          {evaluation.dataset.includes(',') ? (
            evaluation.dataset
          ) : (
            <ReferenceLink kind="dataset" to={evaluation.dataset} />
          )}
        </Fact>
        <Fact name="Target">{evaluation.target}</Fact>
        <Fact name="Task">{evaluation.task}</Fact>
        {evaluation.window.from !== '' && (
          <Fact name="Window">
            {evaluation.window.from} to {evaluation.window.to}
          </Fact>
        )}
        <Fact name="Rows">{evaluation.window.rows}</Fact>
        <Fact name="Judged">
          {evaluation.source === 'predictions'
            ? 'predictions that the table holds'
            : evaluation.refitted
              ? 'the recipe, refitted before the window'
              : 'as it is'}
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
