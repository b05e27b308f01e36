import { Checkbox } from '@mantine/core';
import type { Job } from '@tidemill/sdk';
import { type UIEvent, useLayoutEffect, useRef, useState } from 'react';
import { DownloadLink } from '../../../components/DownloadLink.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { client } from '../../../lib/client.ts';
import classes from './JobOutput.module.css';
import { type OutputStream, useOutput } from './use-output.ts';

/** What a command wrote so far, as it writes it. */
export function JobOutput({ job }: { readonly job: Job }) {
  const isOver = job.finishedAt !== null;
  return (
    <div className="stack">
      <Stream id={job.id} stream="stdout" isOver={isOver} />
      <Stream id={job.id} stream="stderr" isOver={isOver} />
    </div>
  );
}

interface StreamProps {
  readonly id: string;
  readonly stream: OutputStream;
  readonly isOver: boolean;
}

/** Pixels from the end that still count as being there. */
const nearEnd = 24;

function Stream({ id, stream, isOver }: StreamProps) {
  const { tail, error } = useOutput(id, stream, isOver);
  const holder = useRef<HTMLElement>(null);
  const [isFollowed, setFollowed] = useState(true);
  const text = tail?.text ?? '';
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is new moves the end
  useLayoutEffect(() => {
    const element = holder.current;
    if (element && isFollowed) element.scrollTop = element.scrollHeight;
  }, [text, isFollowed]);
  const onScroll = ({ currentTarget: { scrollHeight, scrollTop, clientHeight } }: UIEvent<HTMLElement>) =>
    setFollowed(scrollHeight - scrollTop - clientHeight < nearEnd);
  const whole = (
    <DownloadLink
      variant="subtle"
      size="compact-xs"
      fileName={`${id}.${stream}.txt`}
      address={`/api/v1/jobs/${encodeURIComponent(id)}/logs?stream=${stream}`}
      read={() => client().jobs.logs({ id, stream })}
    >
      {`Whole ${stream}`}
    </DownloadLink>
  );
  return (
    <Panel
      title={stream}
      aside={
        text !== '' && (
          <>
            {tail?.isCut && <span>The last megabyte</span>}
            {!isOver && (
              <Checkbox
                size="xs"
                label="Stay at the end"
                checked={isFollowed}
                onChange={({ currentTarget }) => setFollowed(currentTarget.checked)}
              />
            )}
            {whole}
          </>
        )
      }
    >
      {error && <ErrorNotice error={error} />}
      {text !== '' && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls it too
        <section ref={holder} className={classes.output} aria-label={stream} tabIndex={0} onScroll={onScroll}>
          <pre>{text}</pre>
        </section>
      )}
      {tail && text === '' && (
        <EmptyState>{isOver ? 'Nothing was written.' : 'Nothing was written yet.'}</EmptyState>
      )}
    </Panel>
  );
}
