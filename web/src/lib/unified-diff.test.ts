import { expect, it } from 'vitest';
import { parseDiff } from './unified-diff.ts';

const text = `diff --git a/src/train.py b/src/train.py
index 111..222 100644
--- a/src/train.py
+++ b/src/train.py
@@ -1,3 +1,3 @@ def main():
 import os
--- drop table
+++ keep it
 end
@@ -9 +9 @@
-old
+new
\\ No newline at end of file
diff --git a/new.bin b/new.bin
new file mode 100644
Binary files /dev/null and b/new.bin differ
diff --git a/gone.py b/gone.py
deleted file mode 100644
--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-x
`;

it('takes a diff apart by files, and lines of a hunk by its counts', () => {
  const files = parseDiff(text);
  expect(files.map(({ path, added, removed }) => ({ path, added, removed }))).toEqual([
    { path: 'src/train.py', added: 2, removed: 2 },
    { path: 'new.bin', added: 0, removed: 0 },
    { path: 'gone.py', added: 0, removed: 1 },
  ]);
  expect(files[0]?.lines.map(({ kind }) => kind)).toEqual([
    ...['about', 'about', 'about', 'hunk', 'same', 'removed', 'added', 'same'],
    ...['hunk', 'removed', 'added', 'about'],
  ]);
});

it('knows files of a plain diff by their headers, and takes what is no diff as it is', () => {
  const plain =
    '--- a.txt\t2024-01-01\n+++ b.txt\t2024-01-02\n@@ -1 +1 @@\n-1\n+2\n--- c.txt\n+++ c.txt\n@@ -1 +1 @@\n-1\n+2\n';
  expect(parseDiff(plain).map(({ path }) => path)).toEqual(['b.txt', 'c.txt']);
  expect(parseDiff('nothing of the kind\n')).toEqual([
    { path: '', added: 0, removed: 0, lines: [{ kind: 'about', text: 'nothing of the kind' }] },
  ]);
  expect(parseDiff('')).toEqual([]);
});

it('keeps a hunk that was cut', () => {
  const [file] = parseDiff('--- a\n+++ a\n@@ -1,9 +1,9 @@\n same\n+new');
  expect(file).toMatchObject({ path: 'a', added: 1, removed: 0 });
});
