import { useQuery } from '@tanstack/react-query';
import type { EvaluationSummary, GateCheck, ModelVersion } from '@tidemill/sdk';
import { useMemo, useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';
import { evaluationColumns } from '../evaluation/evaluation-columns.tsx';
import { StudyAction } from '../study/StudyAction.tsx';
import { GateRules } from './GateRules.tsx';

type Result = GateCheck['results'][number];

const stateOf = ({ passed, severity }: Result): string =>
  passed ? 'passed' : severity === 'warn' ? 'warned' : 'refused';

const resultColumns: readonly DataColumn<Result>[] = [
  {
    id: 'passed',
    title: 'Result',
    value: stateOf,
    cell: (result) => <StatusBadge state={stateOf(result)} />,
    width: 110,
  },
  { id: 'rule', title: 'Rule', value: (result) => result.rule, width: 180 },
  {
    id: 'expression',
    title: 'Must hold',
    value: (result) => result.expression,
    cell: (result) => (
      <span className="mono" title={result.expression}>
        {result.expression}
      </span>
    ),
  },
  { id: 'message', title: 'Says', value: (result) => result.message },
];

const verdictStates = { pass: 'passed', warn: 'warned', refuse: 'refused' } as const;

/** How this version was judged, and the gate held against it. */
export function VersionEvaluations({ model }: { readonly model: ModelVersion }) {
  const evaluations = useQuery(ask('evaluation', 'list', { model: model.reference, limit: 200 }));
  const checks = useQuery(
    ask('governance', 'listChecks', { name: model.model, version: String(model.version) }),
  );
  const [chosen, setCheck] = useState<GateCheck | null>(null);
  const check = chosen ?? checks.data?.items[0] ?? null;
  const columns = useMemo(() => [...evaluationColumns, checkColumn(model, setCheck)], [model]);
  return (
    <div className="stack">
      <Panel
        title="Evaluations"
        aside={<StudyAction model={model} name="New evaluation" kinds={['evaluation']} />}
      >
        <Answer of={evaluations}>
          {({ items }) => (
            <DataTable
              label="evaluations"
              rows={items}
              columns={columns}
              rowKey={(evaluation) => evaluation.id}
              empty={
                <EmptyState command={`tidemill evaluations run ${model.reference} --dataset DATASET@latest`}>
                  {model.reference} was never evaluated on a held-out window.
                </EmptyState>
              }
            />
          )}
        </Answer>
      </Panel>
      {check && (
        <Panel
          title={`Gate check of ${shortId(check.evaluation)}`}
          aside={
            <div className="row">
              <StatusBadge state={verdictStates[check.verdict]} />
              <span className="dim">
                <Time at={check.createdAt} /> by {check.createdBy}
              </span>
            </div>
          }
        >
          <DataTable
            plain
            label="gate check"
            rows={check.results}
            columns={resultColumns}
            rowKey={(result) => result.rule}
          />
        </Panel>
      )}
      <Panel title="Gate">
        <GateRules model={model.model} />
      </Panel>
    </div>
  );
}

const checkColumn = (
  model: ModelVersion,
  onCheck: (check: GateCheck) => void,
): DataColumn<EvaluationSummary> => ({
  id: 'check',
  title: '',
  value: () => null,
  cell: (evaluation) => (
    <Action
      inRow
      name="Check gate"
      about={`Holds this evaluation of ${model.reference} against the gate of ${model.model}. The result is kept.`}
      reason="none"
      run={() =>
        client().governance.check({
          name: model.model,
          version: String(model.version),
          evaluation: evaluation.id,
        })
      }
      onDone={(reply) => onCheck(reply as GateCheck)}
    />
  ),
  align: 'right',
  width: 120,
});
