import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import classes from './Notice.module.css';

/** A line to type elsewhere, with a button that copies it. */
export function CommandLine({ children }: { readonly children: string }) {
  const clipboard = useClipboard({ timeout: 1500 });
  return (
    <div className={classes.command}>
      <code>{children}</code>
      <Button
        variant="subtle"
        size="compact-xs"
        miw={56}
        onClick={() => clipboard.copy(children)}
        aria-label={`Copy ${children}`}
      >
        {clipboard.copied ? 'Copied' : 'Copy'}
      </Button>
    </div>
  );
}
