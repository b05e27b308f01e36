import { Button } from '@mantine/core';
import { TidemillClientError } from '@tidemill/sdk';
import type { ReactNode } from 'react';
import classes from './Notice.module.css';
import { LinkedText } from './ReferenceLink.tsx';
import { ToneMark } from './StatusBadge.tsx';

interface ErrorNoticeProps {
  readonly error: unknown;
  readonly retry?: () => void;
  /** In place of the message, where its details can be shown better than told. */
  readonly children?: ReactNode;
}

/** The SDK's own words name options of a command line, which a page does not have. */
const unreachable = () =>
  `The server at ${location.origin} does not answer. Start it again with tidemill up.`;

/** What went wrong and what to do about it, in the catalogue's own words. */
export function ErrorNotice({ error, retry, children }: ErrorNoticeProps) {
  const failure = error instanceof Error ? error : new Error(String(error));
  const code = failure instanceof TidemillClientError ? failure.code : failure.name;
  return (
    <div className={classes.error} role="alert">
      <ToneMark tone="bad" />
      <div className={classes.message}>
        {children ?? (
          <p>
            <LinkedText>{code === 'unreachable' ? unreachable() : failure.message}</LinkedText>
          </p>
        )}
        <p className={classes.code}>{code}</p>
      </div>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}
