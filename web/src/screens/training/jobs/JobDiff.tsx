import { useQuery } from '@tanstack/react-query';
import { Answer } from '../../../components/Answer.tsx';
import { DiffText } from '../../../components/DiffText.tsx';
import { DownloadLink } from '../../../components/DownloadLink.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask, client } from '../../../lib/client.ts';
import { formatBytes } from '../../../lib/format.ts';
import { fileAddress } from './job-files.ts';

const path = 'code.diff';
const role = 'diff';

/** What was not committed when the code was handed in. */
export function JobDiff({ id }: { readonly id: string }) {
  const asked = ask('jobs', 'getFile', { id, path, role });
  // It never changes, whatever becomes of the job.
  const diff = useQuery({ ...asked, staleTime: 'static' });
  return (
    <Panel
      title="Changes that were not committed"
      aside={
        <>
          {diff.data && <span>{formatBytes(diff.data.size)}</span>}
          <SourceMenu asked={asked} />
          <DownloadLink
            variant="subtle"
            size="compact-xs"
            fileName={`${id}.diff`}
            address={fileAddress(id, path, role)}
            read={() => client().jobs.downloadFile({ id, path, role })}
          >
            Download whole
          </DownloadLink>
        </>
      }
    >
      <Answer of={diff}>
        {({ text, isWhole }) =>
          text === null ? (
            <EmptyState>It is no UTF-8 text; download it.</EmptyState>
          ) : (
            <>
              {!isWhole && (
                <p className="dim">
                  Its first {formatBytes(new Blob([text]).size)}; download it for the rest.
                </p>
              )}
              <DiffText text={text} />
            </>
          )
        }
      </Answer>
    </Panel>
  );
}
