import { useQuery } from '@tanstack/react-query';
import { Answer } from '../../../components/Answer.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { client } from '../../../lib/client.ts';
import { readText } from '../../../lib/read-text.ts';
import classes from './JobOutput.module.css';

/** What a command wrote so far. */
export function JobOutput({ id }: { readonly id: string }) {
  return (
    <div className="stack">
      <Stream id={id} stream="stdout" />
      <Stream id={id} stream="stderr" />
    </div>
  );
}

function Stream({ id, stream }: { readonly id: string; readonly stream: 'stdout' | 'stderr' }) {
  const text = useQuery({
    queryKey: ['jobs', 'logs', { id, stream }],
    queryFn: async ({ signal }) => readText(await client().jobs.logs({ id, stream }, { signal })),
  });
  return (
    <Panel title={stream}>
      <Answer of={text}>
        {(value) =>
          value ? (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
            <pre className={classes.output} tabIndex={0}>
              {value}
            </pre>
          ) : (
            <EmptyState>Nothing was written.</EmptyState>
          )
        }
      </Answer>
    </Panel>
  );
}
