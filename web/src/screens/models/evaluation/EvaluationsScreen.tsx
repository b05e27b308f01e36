import { SegmentedControl } from '@mantine/core';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { useList } from '../../../lib/pages.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { evaluationColumns } from './evaluation-columns.tsx';

const tasks = ['regression', 'binary', 'multiclass', 'multilabel', 'ranking'] as const;

export function EvaluationsScreen() {
  const [{ state }, change] = useScreenSearch();
  const task = tasks.find((each) => each === state);
  const list = useList('evaluation', 'list', task ? { task } : {});
  return (
    <>
      <PageHeader
        title="Evaluations"
        about="Models run on rows they have not seen, and predictions that a table holds: figures, slices, curves, against others on the same rows."
        asked={list.asked}
      />
      <SegmentedControl
        aria-label="Task"
        mb={12}
        data={['all', ...tasks]}
        value={task ?? 'all'}
        onChange={(value) => change({ state: value === 'all' ? undefined : value })}
      />
      <ListTable
        label="evaluations"
        list={list}
        columns={evaluationColumns}
        rowKey={(evaluation) => evaluation.id}
        empty={
          <EmptyState command="tidemill evaluate SCORED@latest --label LABEL --score SCORE">
            {task ? `No ${task} was evaluated yet.` : 'Nothing was evaluated yet.'}
          </EmptyState>
        }
      />
    </>
  );
}
