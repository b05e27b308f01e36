import type { EvaluationSummary } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';

const error = (
  id: string,
  title: string,
  value: (evaluation: EvaluationSummary) => number | null | undefined,
): DataColumn<EvaluationSummary> => ({
  id,
  title,
  value,
  cell: (evaluation) => <Figure value={value(evaluation)} />,
  align: 'right',
  width: 100,
});

export const evaluationColumns: readonly DataColumn<EvaluationSummary>[] = [
  {
    id: 'id',
    title: 'Evaluation',
    value: (evaluation) => evaluation.id,
    cell: (evaluation) => (
      <ReferenceLink kind="evaluation" to={evaluation.id} text={shortId(evaluation.id)} />
    ),
    width: 120,
  },
  {
    id: 'model',
    title: 'Model',
    value: (evaluation) => evaluation.model,
    cell: (evaluation) =>
      evaluation.model ? <ReferenceLink kind="model" to={evaluation.model} /> : 'a table',
  },
  {
    id: 'dataset',
    title: 'On',
    value: (evaluation) => evaluation.dataset,
    cell: (evaluation) => <ReferenceLink kind="dataset" to={evaluation.dataset} />,
  },
  { id: 'task', title: 'Task', value: (evaluation) => evaluation.task, width: 100 },
  error('mae', 'mae', (evaluation) => evaluation.metrics.mae),
  error('auc', 'AUC', (evaluation) => evaluation.metrics.roc_auc ?? evaluation.metrics.roc_auc_ovr),
  error('accuracy', 'accuracy', (evaluation) => evaluation.metrics.accuracy),
  error(
    'f1',
    'F1 or NDCG',
    ({ metrics }) => metrics.f1 ?? metrics.f1_micro ?? metrics.f1_macro ?? metrics.ndcg,
  ),
  error('naive', 'naive', (evaluation) => evaluation.baseline?.metrics.mae),
  error('champion', 'champion', (evaluation) => evaluation.champion?.metrics.mae),
  {
    id: 'verdict',
    title: 'Against naive',
    value: (evaluation) => evaluation.againstBaseline?.verdict,
    cell: (evaluation) =>
      evaluation.againstBaseline ? <StatusBadge state={evaluation.againstBaseline.verdict} /> : '–',
    width: 150,
  },
  {
    id: 'rows',
    title: 'Window',
    unit: 'rows',
    value: (evaluation) => evaluation.window.rows,
    align: 'right',
    width: 130,
  },
  {
    id: 'created',
    title: 'When',
    value: (evaluation) => evaluation.createdAt,
    cell: (evaluation) => <Time at={evaluation.createdAt} />,
    align: 'right',
    width: 105,
  },
];
