import { useQuery } from '@tanstack/react-query';
import { type Job, TidemillClientError } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { DownloadLink } from '../../../components/DownloadLink.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { client } from '../../../lib/client.ts';
import { plural } from '../../../lib/format.ts';
import { readText } from '../../../lib/read-text.ts';
import { parseLock, toSurroundings } from './environment-words.ts';

const lockPath = 'tidemill/requirements.lock';
const factsPath = 'tidemill/environment.json';

/** The machine, the interpreter and every package that the command ran with. */
export function JobEnvironment({ job }: { readonly job: Job }) {
  const id = job.runId ?? '';
  const isOver = job.finishedAt !== null;
  const facts = useRecord(id, factsPath, isOver);
  const lock = useRecord(id, lockPath, isOver);
  return (
    <div className="stack">
      <Panel title="Where it ran">
        <Answer of={facts}>
          {(text) =>
            text === null ? (
              <EmptyState>
                {isOver
                  ? 'It never came so far that it was noted.'
                  : 'It is noted when the command has started.'}
              </EmptyState>
            ) : (
              <FieldsTable label="surroundings" fields={toSurroundings(text)} none="Nothing was noted." />
            )
          }
        </Answer>
      </Panel>
      <Answer of={lock}>
        {(text) =>
          text === null ? (
            facts.data ? (
              <EmptyState>It ran without Python, so there are no packages to lock.</EmptyState>
            ) : null
          ) : (
            <Lock id={id} text={text} />
          )
        }
      </Answer>
    </div>
  );
}

/** A file of ours beside the run; null until it is there. */
function useRecord(id: string, path: string, isOver: boolean) {
  return useQuery({
    queryKey: ['jobs', 'record', id, path],
    queryFn: async ({ signal }) => {
      try {
        return await readText(await client().experiments.getArtifact({ id, path }, { signal }));
      } catch (error) {
        if (error instanceof TidemillClientError && error.status === 404) return null;
        throw error;
      }
    },
    // What is there does not change any more.
    staleTime: ({ state }) => (typeof state.data === 'string' ? 'static' : 0),
    refetchInterval: ({ state }) => (state.data === null && !isOver ? 2000 : false),
  });
}

function Lock({ id, text }: { readonly id: string; readonly text: string }) {
  const packages = useMemo(() => parseLock(text), [text]);
  return (
    <Panel
      title="Environment lock"
      aside={
        <>
          <span>{plural(packages.length, 'package')}</span>
          <DownloadLink
            variant="subtle"
            size="compact-xs"
            fileName="requirements.lock"
            address={`/api/v1/runs/${encodeURIComponent(id)}/artifact?path=${encodeURIComponent(lockPath)}`}
            read={() => client().experiments.getArtifact({ id, path: lockPath })}
          >
            Download
          </DownloadLink>
        </>
      }
    >
      <FieldsTable
        isSearched
        label="packages"
        fields={Object.fromEntries(packages.map(({ name, version }) => [name, version]))}
        none="The interpreter had no package installed."
      />
    </Panel>
  );
}
