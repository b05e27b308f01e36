import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Column, Profile } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DownloadLink } from '../../../components/DownloadLink.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask, client } from '../../../lib/client.ts';
import { formatCount } from '../../../lib/format.ts';
import { toHttp } from '../../../lib/http-form.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { CorrelationsPanel } from './CorrelationsPanel.tsx';
import { InteractionsPanel } from './InteractionsPanel.tsx';
import { MissingPanel } from './MissingPanel.tsx';
import { ProfileColumns } from './ProfileColumns.tsx';
import { ProfileFacts } from './ProfileFacts.tsx';
import { SeriesPanel } from './SeriesPanel.tsx';
import { WarningList } from './WarningList.tsx';

interface ProfilePanelProps {
  readonly name: string;
  readonly version: string;
  readonly columns: readonly Column[];
}

/** What a version holds, what hangs together in it and what is wrong; what does not apply is left out. */
export function ProfilePanel({ name, version, columns }: ProfilePanelProps) {
  const [{ axis: time }, change] = useScreenSearch();
  const asked = ask('profiling', 'get', { name, version, ...(time && { time }) });
  // A version never changes, so neither does its profile.
  const profile = useQuery({ ...asked, staleTime: Number.POSITIVE_INFINITY });
  const report = { name, version, ...(time && { time }) };
  const times = columns.filter(({ type }) => type === 'date' || type === 'timestamp');
  return (
    <div className="stack">
      <div className="row">
        {times.length > 0 && (
          <NativeSelect
            label="Rows in order of"
            data={[{ value: '', label: 'whatever is ascending' }, ...times.map((column) => column.name)]}
            value={time ?? ''}
            onChange={(event) => change({ axis: event.currentTarget.value || undefined })}
          />
        )}
        <DownloadLink
          fileName={`${name}-${version}-profile.html`}
          address={toHttp({ queryKey: ['profiling', 'report', report] })?.path ?? ''}
          read={() => client().profiling.report(report)}
        >
          Report as HTML
        </DownloadLink>
        <SourceMenu asked={asked} />
      </div>
      <Answer of={profile} height={320}>
        {(value) => <Found profile={value} />}
      </Answer>
    </div>
  );
}

function Found({ profile }: { readonly profile: Profile }) {
  const { head, tail } = profile.sample;
  const names = profile.columns.map(({ column }) => column);
  // The count must not stand under the name of a column of the user's.
  const times = names.includes('times') ? 'times (count)' : 'times';
  return (
    <>
      <ProfileFacts profile={profile} />
      {profile.warnings.length > 0 && (
        <Panel title="Warnings" aside={formatCount(profile.warnings.length)}>
          <WarningList warnings={profile.warnings} />
        </Panel>
      )}
      <ProfileColumns columns={profile.columns} />
      {profile.duplicates && profile.duplicates.top.length > 0 && (
        <Panel title="Repeated rows" aside={`${formatCount(profile.duplicates.rows)} equal one before them`}>
          <RowsTable
            label="repeated rows"
            rows={profile.duplicates.top.map(({ row, count }) => ({ [times]: count, ...row }))}
            maximumHeight="260px"
          />
        </Panel>
      )}
      {profile.missing && <MissingPanel missing={profile.missing} rows={profile.rows} />}
      {profile.correlations && <CorrelationsPanel correlations={profile.correlations} />}
      {profile.interactions.length > 0 && <InteractionsPanel interactions={profile.interactions} />}
      {profile.series && <SeriesPanel series={profile.series} />}
      {head.length > 0 && (
        <Panel title="First rows">
          <RowsTable label="first rows" names={names} rows={head} maximumHeight="280px" />
        </Panel>
      )}
      {tail.length > 0 && (
        <Panel title="Last rows">
          <RowsTable label="last rows" names={names} rows={tail} maximumHeight="280px" />
        </Panel>
      )}
    </>
  );
}
