import { useMemo } from 'react';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { FileBrowser } from '../../../components/FileBrowser.tsx';
import { client } from '../../../lib/client.ts';
import type { FileSource } from '../../../lib/file-source.ts';

const toSource = (id: string): FileSource => ({
  key: ['experiments', 'artifacts', id],
  list: async (path) => (await client().experiments.listArtifacts(path ? { id, path } : { id })).files,
  read: (path, signal) => client().experiments.getArtifact({ id, path }, signal ? { signal } : {}),
  address: (path) => `/api/v1/runs/${encodeURIComponent(id)}/artifact?path=${encodeURIComponent(path)}`,
});

/** What a run stored. */
export function ArtifactsPanel({ run }: { readonly run: string }) {
  const source = useMemo(() => toSource(run), [run]);
  return (
    <FileBrowser
      source={source}
      empty={
        <EmptyState command={`mlflow artifacts log-artifact --run-id ${run} --local-file FILE`}>
          This run stored no file.
        </EmptyState>
      }
    />
  );
}
