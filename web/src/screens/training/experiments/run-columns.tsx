import type { Run } from '@tidemill/sdk';
import { Figure } from '../../../components/Figure.tsx';
import { RowLink } from '../../../components/RowLink.tsx';
import type { ServerColumn } from '../../../components/ServerTable.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { formatDuration } from '../../../lib/format.ts';
import { type AttributeId, parseKeyColumn, toOrdering } from './run-column-ids.ts';

export const tookMs = (run: Run): number | null =>
  run.endedAt === null ? null : run.endedAt - run.startedAt;
export const nameOf = (run: Run): string => run.name || run.id.slice(0, 8);
export const parentOf = (run: Run): string | undefined => run.tags['mlflow.parentRunId'];

/** Colour and shape say the same as the words do: a child stands a step to the right of its like. */
function RunName({ run }: { readonly run: Run }) {
  const parent = parentOf(run);
  return (
    <>
      {parent && (
        <span className="dim" title={`Child of run ${parent}`}>
          {'↳ '}
        </span>
      )}
      <RowLink to={`/runs/${run.id}`}>{nameOf(run)}</RowLink>
    </>
  );
}

type Attribute = Omit<ServerColumn<Run>, 'id' | 'isSortable'>;

const attributes: Readonly<Record<AttributeId, Attribute>> = {
  name: { title: 'Run', value: nameOf, cell: (run) => <RunName run={run} />, width: 230 },
  status: {
    title: 'Status',
    value: (run) => run.status,
    cell: (run) => <StatusBadge state={run.status} />,
    width: 110,
  },
  started: {
    title: 'Started',
    value: (run) => run.startedAt,
    cell: (run) => <Time at={run.startedAt} />,
    align: 'right',
    width: 110,
  },
  took: {
    title: 'Took',
    value: tookMs,
    cell: (run) => <span className="number">{formatDuration(tookMs(run))}</span>,
    align: 'right',
    width: 110,
  },
  user: { title: 'User', value: (run) => run.user, width: 120 },
  source: { title: 'Source', value: (run) => run.tags['mlflow.source.name'], width: 170 },
  commit: {
    title: 'Commit',
    value: (run) => run.tags['mlflow.source.git.commit'],
    cell: (run) => {
      const commit = run.tags['mlflow.source.git.commit'];
      return (
        <span className="mono" title={commit}>
          {commit?.slice(0, 8) ?? ''}
        </span>
      );
    },
    width: 100,
  },
  datasets: {
    title: 'Datasets',
    value: (run) => run.inputs.map(({ name, digest }) => `${name} (${digest})`).join(', '),
    width: 190,
  },
  id: {
    title: 'Run id',
    value: (run) => run.id,
    cell: (run) => (
      <span className="mono" title={run.id}>
        {run.id}
      </span>
    ),
    width: 260,
  },
};

export const attributeTitle = (id: AttributeId): string => attributes[id].title;

const isAttribute = (id: string): id is AttributeId => Object.hasOwn(attributes, id);

/** Only what is shown becomes a column, whatever is on offer. */
export function toRunColumns(ids: readonly string[]): readonly ServerColumn<Run>[] {
  return ids.flatMap((id): readonly ServerColumn<Run>[] => {
    const isSortable = toOrdering(id) !== null;
    if (isAttribute(id)) return [{ ...attributes[id], id, isSortable }];
    const column = parseKeyColumn(id);
    return column ? [{ id, isSortable, ...toKeyColumn(column.kind, column.key) }] : [];
  });
}

function toKeyColumn(kind: 'metric' | 'parameter' | 'tag', key: string): Attribute {
  if (kind === 'metric')
    return {
      title: key,
      value: (run) => run.metrics[key],
      cell: (run) => <Figure value={run.metrics[key]} />,
      align: 'right',
      width: 120,
    };
  const texts = kind === 'parameter' ? 'parameters' : 'tags';
  return { title: key, value: (run) => run[texts][key], width: 130 };
}
