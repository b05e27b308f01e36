import { useRouter } from '@tanstack/react-router';
import type { MouseEvent, ReactNode } from 'react';

interface RowLinkProps {
  /** Inside the UI. */
  readonly to: string;
  readonly children: ReactNode;
}

/** A link for long tables: the router's own works out where it leads each time it is drawn, which scrolling shows. */
export function RowLink({ to, children }: RowLinkProps) {
  const router = useRouter();
  const follow = (event: MouseEvent) => {
    const isPlain = !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!isPlain || event.button !== 0) return;
    event.preventDefault();
    void router.navigate({ to });
  };
  return (
    <a href={`${router.basepath}${to}`} onClick={follow}>
      {children}
    </a>
  );
}
