import { Button, Checkbox, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { FilterBar } from '../../../components/FilterBar.tsx';
import { ServerTable } from '../../../components/ServerTable.tsx';
import { ask } from '../../../lib/client.ts';
import { formatCount, plural } from '../../../lib/format.ts';
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
  toProjection,
  toUsualIds,
} from './run-column-ids.ts';
import { nameOf, toRunColumns } from './run-columns.tsx';
import { type Runs, type RunsAsked, useRuns } from './use-runs.ts';

/** The runs of an experiment; filter, order, columns and view stand in the address. */
export function RunsTable({ experiment }: { readonly experiment: string }) {
  const [search, change] = useScreenSearch();
  const { usual, isReady } = useUsualColumns(experiment);
  const ids = useMemo(() => parseColumnIds(search.columns, usual), [search.columns, usual]);
  const view = search.state === 'deleted' ? 'deleted' : 'active';
  const input = useMemo(
    () => ({
      experimentIds: [experiment],
      filter: toFilter(search.filter, search.top === 'y'),
      orderBy: toOrderBy(parseSort(search.sort)),
      ...(view === 'deleted' && { view: 'deleted' as const }),
      columns: toProjection(ids),
    }),
    [experiment, search.filter, search.top, search.sort, view, ids],
  );
  const runs = useRuns(input, isReady);
  const [selected, select, clear] = useSelection();
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
        <LoadState runs={runs} asked={input} />
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

/** Known once the experiment has said what it logs; one that cannot say shows what every run has. */
function useUsualColumns(id: string) {
  const metrics = useQuery(ask('experiments', 'listKeys', { id, kind: 'metric', limit: usualKeys }));
  const parameters = useQuery(ask('experiments', 'listKeys', { id, kind: 'parameter', limit: usualKeys }));
  const usual = useMemo(
    () => toUsualIds(metrics.data?.keys ?? none, parameters.data?.keys ?? none),
    [metrics.data, parameters.data],
  );
  return { usual, isReady: !metrics.isPending && !parameters.isPending };
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

interface LoadStateProps {
  readonly runs: Runs;
  readonly asked: RunsAsked;
}

function LoadState({ runs, asked }: LoadStateProps) {
  const { experimentIds, filter, view } = asked;
  const count = useQuery({
    ...ask('experiments', 'countRuns', { experimentIds, filter, view }),
    // What is loaded to its end has counted itself.
    enabled: runs.hasMore,
  });
  if (!runs.items) return null;
  const loaded = plural(runs.items.length, 'run');
  const rest = count.data
    ? `${formatCount(runs.items.length)} of ${plural(count.data.total, 'run')} loaded`
    : `${loaded} loaded, more below`;
  return (
    <>
      <span className={classes.state} aria-live="polite">
        {runs.hasMore ? rest : loaded}
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
