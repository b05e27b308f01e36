import { Button } from '@mantine/core';
import { TidemillClientError } from '@tidemill/sdk';
import classes from './Notice.module.css';
import { LinkedText } from './ReferenceLink.tsx';
import { ToneMark } from './StatusBadge.tsx';

/** What went wrong and what to do about it, in the catalogue's own words. */
export function ErrorNotice({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const failure = error instanceof Error ? error : new Error(String(error));
  const code = failure instanceof TidemillClientError ? failure.code : failure.name;
  return (
    <div className={classes.error} role="alert">
      <ToneMark tone="bad" />
      <div className={classes.message}>
        <p>
          <LinkedText>{failure.message}</LinkedText>
        </p>
        <p className={classes.code}>{code}</p>
      </div>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}
