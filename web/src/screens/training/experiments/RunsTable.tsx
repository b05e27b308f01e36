import { Button, Checkbox, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { FilterBar } from '../../../components/FilterBar.tsx';
import { ServerTable } from '../../../components/ServerTable.tsx';
import { ask } from '../../../lib/client.ts';
import { plural } from '../../../lib/format.ts';
import { formatSort, parseSort } from '../../../lib/search.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { ColumnChooser } from './ColumnChooser.tsx';
import { RunActions } from './RunActions.tsx';
import classes from './Runs.module.css';
import {
  formatColumnIds,
  mostCompared,
  parseColumnIds,
  toFilter,
  toOrderBy,
  toUsualIds,
} from './run-column-ids.ts';
import { nameOf, toRunColumns } from './run-columns.tsx';
import { type Runs, useRuns } from './use-runs.ts';

/** The runs of an experiment; filter, order, columns and view stand in the address. */
export function RunsTable({ experiment }: { readonly experiment: string }) {
  const [search, change] = useScreenSearch();
  const usual = useUsualColumns(experiment);
  const view = search.state === 'deleted' ? 'deleted' : 'active';
  const input = useMemo(
    () => ({
      experimentIds: [experiment],
      filter: toFilter(search.filter, search.top === 'y'),
      orderBy: toOrderBy(parseSort(search.sort)),
      ...(view === 'deleted' && { view: 'deleted' as const }),
    }),
    [experiment, search.filter, search.top, search.sort, view],
  );
  const runs = useRuns(input, true);
  const [selected, select, clear] = useSelection();
  const ids = useMemo(() => parseColumnIds(search.columns, usual), [search.columns, usual]);
  const columns = useMemo(() => toRunColumns(ids), [ids]);
  const chosen = useMemo(
    () => runs.items?.filter((run) => selected.has(run.id)) ?? [],
    [runs.items, selected],
  );
  return (
    <div>
      <div className={classes.bar}>
        <FilterBar
          what="runs"
          example="metrics.loss < 0.5 and params.learner = 'ridge'"
          filter={search.filter ?? ''}
          isRefused={runs.error !== null && !runs.items}
          onFilter={(filter) => change({ filter })}
        />
        <ColumnChooser
          experiment={experiment}
          shown={ids}
          onChange={(next) => change({ columns: formatColumnIds(next, usual) })}
          onReset={() => change({ columns: undefined })}
        />
        <SegmentedControl
          size="xs"
          aria-label="Which runs"
          data={[
            { value: 'active', label: 'Active' },
            { value: 'deleted', label: 'Deleted' },
          ]}
          value={view}
          onChange={(next) => {
            clear();
            change({ state: next === 'deleted' ? 'deleted' : undefined });
          }}
        />
        <Checkbox
          label="Top level only"
          title="Leaves out child runs"
          checked={search.top === 'y'}
          onChange={({ currentTarget }) => change({ top: currentTarget.checked ? 'y' : undefined })}
        />
        {chosen.length > 0 && (
          <>
            <CompareLink ids={chosen.map((run) => run.id)} />
            <RunActions runs={chosen} onDone={clear} />
          </>
        )}
        <LoadState runs={runs} />
      </div>
      {runs.error !== null && !runs.items && <ErrorNotice error={runs.error} retry={runs.refresh} />}
      {runs.items?.length === 0 && (
        <NoRuns isFiltered={input.filter !== undefined} isDeleted={view === 'deleted'} />
      )}
      {runs.items && runs.items.length > 0 && (
        <ServerTable
          label="runs"
          rows={runs.items}
          columns={columns}
          rowKey={(run) => run.id}
          rowName={nameOf}
          sort={parseSort(search.sort)}
          onSort={(sort) => change({ sort: formatSort(sort ?? undefined) })}
          selected={selected}
          onSelect={select}
          onEnd={runs.loadMore}
        />
      )}
    </div>
  );
}

const none: readonly string[] = [];
const usualKeys = 20;

function useUsualColumns(id: string): readonly string[] {
  const metrics = useQuery(ask('experiments', 'listKeys', { id, kind: 'metric', limit: usualKeys }));
  const parameters = useQuery(ask('experiments', 'listKeys', { id, kind: 'parameter', limit: usualKeys }));
  return useMemo(
    () => toUsualIds(metrics.data?.keys ?? none, parameters.data?.keys ?? none),
    [metrics.data, parameters.data],
  );
}

function useSelection() {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const select = useCallback((id: string, isSelected: boolean) => {
    setSelected((before) => {
      const next = new Set(before);
      if (isSelected) next.add(id);
      else next.delete(id);
      return next;
    });
  }, []);
  const clear = useCallback(() => setSelected(new Set()), []);
  return [selected, select, clear] as const;
}

function CompareLink({ ids }: { readonly ids: readonly string[] }) {
  if (ids.length < 2 || ids.length > mostCompared)
    return (
      <Button disabled title={`Choose 2 to ${mostCompared} runs`}>
        Compare {ids.length}
      </Button>
    );
  return (
    <Button
      variant="filled"
      c="white"
      renderRoot={(props) => <Link to="/runs/compare" search={{ ids: ids.join(',') } as never} {...props} />}
    >
      Compare {ids.length}
    </Button>
  );
}

function LoadState({ runs }: { readonly runs: Runs }) {
  if (!runs.items) return null;
  const loaded = plural(runs.items.length, 'run');
  return (
    <>
      <span className={classes.state} aria-live="polite">
        {runs.hasMore ? `${loaded} loaded, more below` : loaded}
        {runs.isLoading && ' …'}
      </span>
      {!runs.isLive && (
        <Button
          variant="subtle"
          onClick={runs.refresh}
          title="This far down the list stands still until asked"
        >
          Refresh
        </Button>
      )}
    </>
  );
}

function NoRuns({ isFiltered, isDeleted }: { readonly isFiltered: boolean; readonly isDeleted: boolean }) {
  if (isFiltered) return <EmptyState>No run matches this filter.</EmptyState>;
  if (isDeleted) return <EmptyState command="tidemill runs delete RUN">No run was deleted.</EmptyState>;
  return (
    <EmptyState command={`MLFLOW_TRACKING_URI=${location.origin} python train.py`}>
      This experiment has no run yet.
    </EmptyState>
  );
}
