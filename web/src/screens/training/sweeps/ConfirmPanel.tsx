import type { Confirmation, ConfirmationRepeat, ConfirmedTrial, Sweep } from '@tidemill/sdk';
import { useMemo } from 'react';
import { DataTable } from '../../../components/DataTable.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Progress } from '../../../components/Progress.tsx';
import { RowLink } from '../../../components/RowLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { formatNumber, formatValue } from '../../../lib/format.ts';
import { ruleText } from './confirm-form.ts';
import type { Search } from './search-words.ts';

interface ConfirmPanelProps {
  readonly sweep: Sweep;
  /** Null: a sweep over our learners, whose errors are minimized. */
  readonly search: Search | null;
}

/** Pixels that a repeat takes, and all other columns together. */
const repeatWidth = 110;
const otherWidths = 1040;

/** The best trials, run again: every value, what the rule made of them, and which was chosen. */
export function ConfirmPanel({ sweep: { id, confirmation }, search }: ConfirmPanelProps) {
  if (!confirmation)
    return (
      <EmptyState command={`tidemill sweeps confirm ${id} --top 3 --seeds 3 --follow`}>
        {(search && whyNot(search)) ??
          'The best value may be luck. Once the search has ended, a confirmation runs the best trials again.'}
      </EmptyState>
    );
  return <Confirmed confirmation={confirmation} direction={search?.goals[0]?.direction ?? 'minimize'} />;
}

/** Why a search can have no confirmation at all; null where it can. */
export function whyNot({ command, goals }: Search): string | null {
  if (!command)
    return 'Its trials were asked for from outside: no command is known that would run them again.';
  return goals.length > 1
    ? 'It has several goals, and no single value by which one trial is the best; see the front.'
    : null;
}

function Confirmed(props: {
  readonly confirmation: Confirmation;
  readonly direction: 'minimize' | 'maximize';
}) {
  const { confirmation, direction } = props;
  const { definition, state, ended, repeats, trials, threshold, error } = confirmation;
  const chosen = trials.find(({ isChosen }) => isChosen);
  const places = trials[0]?.repeats.map(({ seed, window }) => ({ seed, window })) ?? [];
  const shape = JSON.stringify(places);
  const columns = useMemo(() => toColumns(JSON.parse(shape)), [shape]);
  return (
    <div className="stack">
      <Summary>
        <Fact name="State">
          <StatusBadge state={state} />
        </Fact>
        <Fact name="Seeds">{definition.seeds.join(', ')}</Fact>
        <Fact name="Windows">{definition.windows ?? 'all rows'}</Fact>
        {threshold !== null && (
          <Fact name="As good as the best up to">
            <Figure value={threshold} />
          </Fact>
        )}
        <Fact wide name="Rule">
          {ruleText(definition, direction)}
        </Fact>
        <Fact wide name="Repeats that have ended">
          {ended} of {repeats}
          <div style={{ maxWidth: 420 }}>
            <Progress label="repeats" done={ended} of={repeats} />
          </div>
        </Fact>
      </Summary>
      {chosen && (
        <p>
          <StatusBadge state="succeeded" word="" /> <strong>Trial {chosen.number} is chosen:</strong>{' '}
          {chosen.reason}
        </p>
      )}
      {error && (
        <p role="alert">
          <StatusBadge state="failed" word="" /> {error}
        </p>
      )}
      <DataTable
        plain
        label="confirmed trials"
        rows={trials}
        columns={columns}
        rowKey={(trial) => String(trial.number)}
        minimumWidth={otherWidths + repeatWidth * places.length}
      />
    </div>
  );
}

type Place = Pick<ConfirmationRepeat, 'seed' | 'window'>;

const figure = (
  id: 'mean' | 'std' | 'standardError' | 'score',
  title: string,
): DataColumn<ConfirmedTrial> => ({
  ...{ id, title, value: (trial) => trial[id], cell: (trial) => <Figure value={trial[id]} /> },
  ...{ align: 'right', width: 100 },
});

const parametersOf = ({ parameters }: ConfirmedTrial) =>
  Object.entries(parameters)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? formatNumber(value) : formatValue(value)}`)
    .join(', ');

const toColumns = (places: readonly Place[]): DataColumn<ConfirmedTrial>[] => [
  {
    id: 'number',
    title: 'Trial',
    value: (trial) => trial.number,
    cell: (trial) => (trial.isChosen ? <strong>{trial.number} chosen</strong> : trial.number),
    width: 100,
  },
  { id: 'n', title: 'n', value: (trial) => trial.n, align: 'right', width: 50 },
  figure('mean', 'Mean'),
  figure('std', 'Std'),
  figure('standardError', 'Std error'),
  figure('score', "The rule's"),
  {
    id: 'reason',
    title: 'Why',
    value: (trial) => trial.reason,
    cell: ({ reason }) => <span title={reason ?? undefined}>{reason ?? ''}</span>,
    width: 260,
  },
  ...places.map(
    ({ seed, window }, place): DataColumn<ConfirmedTrial> => ({
      id: `repeat:${place}`,
      title: window === null ? `seed ${seed}` : `seed ${seed}, w${window}`,
      value: ({ repeats }) => repeats[place]?.value,
      cell: ({ repeats }) => <RepeatCell repeat={repeats[place]} />,
      align: 'right',
      width: repeatWidth,
    }),
  ),
  {
    id: 'parameters',
    title: 'Parameters',
    value: parametersOf,
    cell: (trial) => <span title={parametersOf(trial)}>{parametersOf(trial)}</span>,
    width: 230,
  },
];

/** Its value, or how it stands with it; either leads to the job. */
function RepeatCell({ repeat }: { readonly repeat: ConfirmationRepeat | undefined }) {
  if (!repeat) return null;
  const { state, value, error, jobId } = repeat;
  const shown =
    state === 'complete' && value !== null ? (
      <Figure value={value} />
    ) : (
      <span title={error ?? undefined}>
        <StatusBadge state={state} />
      </span>
    );
  return jobId ? <RowLink to={`/jobs/${encodeURIComponent(jobId)}`}>{shown}</RowLink> : shown;
}
