import { SegmentedControl } from '@mantine/core';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { useList } from '../../../lib/pages.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { studyColumns } from './study-columns.tsx';

const kinds = ['importance', 'attribution', 'stability', 'backtest', 'evaluation'] as const;

export function StudiesScreen() {
  const [{ state }, change] = useScreenSearch();
  const kind = kinds.find((each) => each === state);
  const list = useList('studies', 'list', kind ? { kind } : {});
  return (
    <>
      <PageHeader
        title="Studies"
        about="Long looks at a model: which features it needs, what made each answer, how it bears noise and missing values, how its recipe would have done in the past."
        asked={list.asked}
      />
      <SegmentedControl
        aria-label="Kind"
        mb={12}
        data={['all', ...kinds]}
        value={kind ?? 'all'}
        onChange={(value) => change({ state: value === 'all' ? undefined : value })}
      />
      <ListTable
        label="studies"
        list={list}
        columns={studyColumns}
        rowKey={({ id }) => id}
        empty={
          <EmptyState
            command={`tidemill studies run ${kind ?? 'importance'} MODEL@latest --dataset DATASET@latest --target COLUMN`}
          >
            {kind ? `No ${kind} was looked at yet.` : 'No model was studied yet.'}
          </EmptyState>
        }
      />
    </>
  );
}
