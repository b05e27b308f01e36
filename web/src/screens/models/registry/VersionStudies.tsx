import type { ModelVersion } from '@tidemill/sdk';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { useList } from '../../../lib/pages.ts';
import { StudyAction } from '../study/StudyAction.tsx';
import { studyColumns } from '../study/study-columns.tsx';

const kinds = ['importance', 'stability', 'attribution', 'backtest'] as const;

/** Backtests, importance, attributions and stability of this version. */
export function VersionStudies({ model }: { readonly model: ModelVersion }) {
  const list = useList('studies', 'list', { model: model.reference });
  return (
    <Panel title="Studies" aside={<StudyAction model={model} name="New study" kinds={kinds} />}>
      <ListTable
        label="studies"
        list={list}
        columns={studyColumns}
        rowKey={({ id }) => id}
        empty={
          <EmptyState
            command={`tidemill studies run importance ${model.reference} --dataset DATASET@latest --target COLUMN`}
          >
            {model.reference} was never studied.
          </EmptyState>
        }
      />
    </Panel>
  );
}
