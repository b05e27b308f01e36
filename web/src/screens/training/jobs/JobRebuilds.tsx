import { useQuery } from '@tanstack/react-query';
import type { Rebuild } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge, type Tone } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';

const toneOf: Readonly<Record<string, Tone>> = { equal: 'good', 'equal metrics': 'warn', different: 'bad' };

/** What came of making the run again. */
export function JobRebuilds({ runId }: { readonly runId: string }) {
  const rebuilds = useQuery({ ...ask('jobs', 'rebuilds', { id: runId }), refetchInterval: 5000 });
  return (
    <Answer of={rebuilds}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState command={`tidemill runs rebuild ${runId}`}>It was not made again yet.</EmptyState>
        ) : (
          <div className="stack">
            {items.map((item) => (
              <OneRebuild key={item.jobId} rebuild={item} />
            ))}
          </div>
        )
      }
    </Answer>
  );
}

function OneRebuild({ rebuild: { jobId, createdAt, notes, result } }: { readonly rebuild: Rebuild }) {
  const verdict = result?.verdict ?? 'not finished';
  const lines = [...notes, ...(result ? differencesOf(result) : [])];
  return (
    <Panel title={`Rebuild ${shortId(jobId)}`} aside={<Time at={createdAt} />}>
      <p>
        <StatusBadge state={verdict} tone={toneOf[verdict] ?? 'idle'} />{' '}
        <ReferenceLink kind="job" to={jobId} text="its job" />
        {result && `, ${result.metrics.length} metrics and ${result.files.length} files compared`}
      </p>
      {lines.length > 0 && (
        <ul aria-label="differences">
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

const differencesOf = ({ metrics, files }: NonNullable<Rebuild['result']>): string[] => [
  ...metrics
    .filter(({ verdict }) => verdict !== 'equal')
    .map(
      ({ key, before, after, verdict }) =>
        `${key} ${verdict}: ${before ?? 'none'} was, ${after ?? 'none'} is`,
    ),
  ...files
    .filter(({ verdict }) => verdict !== 'equal')
    .map(
      ({ path, verdict, model, cells }) =>
        `${path}${model ? ' (of the model)' : ''}: ${verdict}${cells ? ` in cells ${cells.join(', ')}` : ''}`,
    ),
];
