import { useMemo } from 'react';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { FileBrowser } from '../../../components/FileBrowser.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask } from '../../../lib/client.ts';
import { toJobFiles } from './job-files.ts';

/** The copy of its folder that the command ran in. */
export function JobCode({ id }: { readonly id: string }) {
  const source = useMemo(() => toJobFiles(id, 'code'), [id]);
  return (
    <div className="stack">
      <div className="row" style={{ justifyContent: 'flex-end', gap: 0 }}>
        <SourceMenu asked={ask('jobs', 'listFiles', { id })} />
      </div>
      <FileBrowser
        source={source}
        empty={
          <EmptyState command="tidemill jobs run --code . -- python train.py">
            Its folder had no file.
          </EmptyState>
        }
      />
    </div>
  );
}
