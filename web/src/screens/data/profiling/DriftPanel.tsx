import { useQuery } from '@tanstack/react-query';
import type { ColumnDrift, ProfileComparison } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DownloadLink } from '../../../components/DownloadLink.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask, client } from '../../../lib/client.ts';
import { toHttp } from '../../../lib/http-form.ts';
import { Distributions } from './Distributions.tsx';
import { DriftTable } from './DriftTable.tsx';
import { WarningList } from './WarningList.tsx';

interface DriftPanelProps {
  readonly name: string;
  readonly version: string;
  readonly against: string;
}

/** The profiles of two versions side by side: how far each column's values moved, on one scale. */
export function DriftPanel({ name, version, against }: DriftPanelProps) {
  const asked = ask('profiling', 'compare', { name, version, with: against });
  const found = useQuery({ ...asked, staleTime: Number.POSITIVE_INFINITY });
  const report = { name, version, with: against };
  return (
    <>
      <div className="row">
        <DownloadLink
          fileName={`${name}-${version}-compared.html`}
          address={toHttp({ queryKey: ['profiling', 'report', report] })?.path ?? ''}
          read={() => client().profiling.report(report)}
        >
          Report as HTML
        </DownloadLink>
        <SourceMenu asked={asked} />
      </div>
      <Answer of={found} height={320}>
        {(value) => <Found comparison={value} />}
      </Answer>
    </>
  );
}

function Found({ comparison }: { readonly comparison: ProfileComparison }) {
  const { warningsAdded, warningsGone, approximate } = comparison;
  const columns = [...comparison.columns].sort((a, b) => weightOf(b) - weightOf(a));
  return (
    <>
      <Panel title="Drift" aside={approximate ? 'approximate, of a sample of the rows' : undefined}>
        <DriftTable columns={columns} />
      </Panel>
      <Distributions
        columns={columns}
        before={comparison.before.reference}
        after={comparison.after.reference}
      />
      {warningsAdded.length > 0 && (
        <Panel title="New warnings">
          <WarningList plain warnings={warningsAdded} />
        </Panel>
      )}
      {warningsGone.length > 0 && (
        <Panel title="Warnings that are gone">
          <WarningList plain warnings={warningsGone} />
        </Panel>
      )}
    </>
  );
}

const weights = { large: 3, small: 2, none: 1 } as const;
const weightOf = ({ drift }: ColumnDrift): number => (drift ? weights[drift] : 0);
