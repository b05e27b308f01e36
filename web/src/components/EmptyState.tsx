import type { ReactNode } from 'react';
import { CommandLine } from './CommandLine.tsx';
import classes from './Notice.module.css';

/** Nothing here yet: says so, and which command changes that. */
export function EmptyState({
  children,
  command,
}: {
  readonly children: ReactNode;
  readonly command?: string;
}) {
  return (
    <div className={classes.empty}>
      <p>{children}</p>
      {command && <CommandLine>{command}</CommandLine>}
    </div>
  );
}
