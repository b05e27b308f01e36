import { useMemo } from 'react';
import { formatCount, plural } from '../lib/format.ts';
import { type DiffFile, parseDiff } from '../lib/unified-diff.ts';
import classes from './DiffText.module.css';
import { EmptyState } from './EmptyState.tsx';

/** Lines that are shown of all files together; a browser lays out more than that slowly, and nobody reads it. */
const mostLines = 4000;
/** Letters of a line. */
const longest = 2000;

/** A unified diff, file by file, coloured by sign; what is beyond a few thousand lines is counted and left to a download. */
export function DiffText({ text }: { readonly text: string }) {
  const files = useMemo(() => parseDiff(text), [text]);
  const { shown, left } = useMemo(() => cut(files), [files]);
  if (files.length === 0) return <EmptyState>There is no difference.</EmptyState>;
  return (
    <div className={classes.files}>
      {shown.map((file, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a path may come twice, and the order is the diff's
        <FileDiff key={index} file={file} />
      ))}
      {left > 0 && (
        <p className="dim">{plural(left, 'more line')} are not shown; download it for the rest.</p>
      )}
    </div>
  );
}

function cut(files: readonly DiffFile[]): { shown: DiffFile[]; left: number } {
  let room = mostLines;
  let left = 0;
  const shown = files.flatMap((file) => {
    const lines = file.lines.slice(0, room);
    room -= lines.length;
    left += file.lines.length - lines.length;
    return lines.length > 0 ? [{ ...file, lines }] : [];
  });
  return { shown, left };
}

function FileDiff({ file: { path, added, removed, lines } }: { readonly file: DiffFile }) {
  return (
    <details open className={classes.file}>
      <summary className={classes.head}>
        <span className={classes.path}>{path || 'changes'}</span>
        <span className={classes.added}>+{formatCount(added)}</span>
        <span className={classes.removed}>−{formatCount(removed)}</span>
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls it too */}
      <pre className={classes.lines} tabIndex={0}>
        {lines.map(({ kind, text }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
          <span key={index} data-kind={kind}>
            {text.length > longest ? `${text.slice(0, longest)}…` : text}
            {'\n'}
          </span>
        ))}
      </pre>
    </details>
  );
}
