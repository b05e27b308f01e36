import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { useList } from '../../../lib/pages.ts';
import { evaluationColumns } from './evaluation-columns.tsx';

export function EvaluationsScreen() {
  const list = useList('evaluation', 'list', {});
  return (
    <>
      <PageHeader
        title="Evaluations"
        about="Each on a window later than what the model learned from, against the naive rule and the champion."
        asked={list.asked}
      />
      <ListTable
        label="evaluations"
        list={list}
        columns={evaluationColumns}
        rowKey={(evaluation) => evaluation.id}
        empty={
          <EmptyState command="tidemill evaluations run MODEL@VERSION --dataset DATASET@latest">
            No model was evaluated yet.
          </EmptyState>
        }
      />
    </>
  );
}
