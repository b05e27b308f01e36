export type DiffLineKind = 'added' | 'removed' | 'hunk' | 'about' | 'same';

export interface DiffLine {
  readonly kind: DiffLineKind;
  readonly text: string;
}

/** What became of one file. */
export interface DiffFile {
  readonly path: string;
  readonly added: number;
  readonly removed: number;
  readonly lines: readonly DiffLine[];
}

interface Growing {
  path: string;
  added: number;
  removed: number;
  readonly lines: DiffLine[];
}

/** `@@ -3,7 +3,8 @@`: how many lines of either side follow; one, where no number stands. */
const hunkHead = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

/**
 * A diff as git and `diff -u` write it, file by file. Inside a hunk its own counts say what a line is, so that a removed
 * line of SQL (`--- x`) is no file header.
 */
export function parseDiff(text: string): DiffFile[] {
  const files: Growing[] = [];
  let file: Growing | undefined;
  let before = 0;
  let after = 0;
  const begin = (path: string): Growing => {
    file = { path, added: 0, removed: 0, lines: [] };
    files.push(file);
    return file;
  };
  const rows = text.split('\n');
  if (rows.at(-1) === '') rows.pop();
  for (const row of rows) {
    if (file && (before > 0 || after > 0) && /^[ +-]|^$/.test(row)) {
      const sign = row[0];
      if (sign === '+') file.added += 1;
      if (sign === '-') file.removed += 1;
      if (sign !== '+') before -= 1;
      if (sign !== '-') after -= 1;
      file.lines.push({ kind: sign === '+' ? 'added' : sign === '-' ? 'removed' : 'same', text: row });
      continue;
    }
    const hunk = hunkHead.exec(row);
    if (row.startsWith('diff --git ')) begin(gitPath(row));
    else if (row.startsWith('--- ') && (!file || file.lines.some(({ kind }) => kind === 'hunk')))
      begin(pathOf(row));
    const into: Growing = file ?? begin('');
    if (hunk) [before, after] = [Number(hunk[1] ?? 1), Number(hunk[2] ?? 1)];
    if (row.startsWith('+++ ') && !row.startsWith('+++ /dev/null')) into.path = pathOf(row);
    if (!row.startsWith('diff --git ')) into.lines.push({ kind: hunk ? 'hunk' : 'about', text: row });
  }
  return files;
}

/** `--- a/src/train.py` and `+++ b/src/train.py`, perhaps with a time behind a tab. */
const pathOf = (row: string): string =>
  (row.slice(4).split('\t')[0] ?? '').replace(/^"?[ab]\//, '').replace(/"$/, '');

const gitPath = (row: string): string => / "?b\/(.+?)"?$/.exec(row)?.[1] ?? row.slice('diff --git '.length);
