import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './steps.ts';

/** Folders whose inside the map must show; what else it shows must be true, but it may leave it out. */
const mustBeOpen = ['.', 'server/src'];
const wingsAndFloors = [
  'operations',
  'serving',
  'models',
  'training',
  'data',
  'access',
  'platform',
  'adapters',
];

/** Paths of a ```tree block: one folder per line, two spaces deeper per level, `name/  caption`. */
function parseTree(text: string): readonly string[] {
  const block = /```tree\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  const parents: string[] = [];
  const paths: string[] = [];
  for (const line of block.split('\n')) {
    const [, indent, name] = /^( *)([\w./-]+)\/(?:\s|$)/.exec(line) ?? [];
    if (indent === undefined || !name) continue;
    const depth = indent.length / 2;
    parents.splice(depth, parents.length, name);
    paths.push(parents.join('/'));
  }
  return paths;
}

/** Every folder on the way to the given files or folders, "." for the root. */
function childrenByFolder(folders: Iterable<string>): ReadonlyMap<string, ReadonlySet<string>> {
  const children = new Map<string, Set<string>>();
  for (const folder of folders) {
    const parts = folder.split('/');
    parts.forEach((part, index) => {
      const parent = parts.slice(0, index).join('/') || '.';
      children.set(parent, (children.get(parent) ?? new Set()).add(part));
    });
  }
  return children;
}

function realFolders(): ReadonlyMap<string, ReadonlySet<string>> {
  const parameters = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', parameters, { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const folders = files.filter((file) => file.includes('/') && !file.startsWith('.'));
  return childrenByFolder(folders.map((file) => file.slice(0, file.lastIndexOf('/'))));
}

const sorted = (names: ReadonlySet<string> | undefined) => [...(names ?? [])].sort();

test('the tree in ARCHITECTURE.md equals the real one, folder by folder', async () => {
  const drawn = childrenByFolder(parseTree(await readFile(join(root, 'ARCHITECTURE.md'), 'utf8')));
  const real = realFolders();
  const floors = wingsAndFloors.map((name) => `server/src/${name}`);
  const open = new Set([...drawn.keys(), ...mustBeOpen, ...floors.filter((folder) => real.has(folder))]);
  for (const folder of open) {
    expect(sorted(drawn.get(folder)), `folders of ${folder} in ARCHITECTURE.md`).toEqual(
      sorted(real.get(folder)),
    );
  }
});

test('the tree is read by indentation', () => {
  const text =
    '# Map\n```tree\nserver/  keeps it\n  src/\n    data/  the wing\n      datasets/\nweb/src/  the UI\n```\n';
  const paths = ['server', 'server/src', 'server/src/data', 'server/src/data/datasets', 'web/src'];
  expect(parseTree(text)).toEqual(paths);
});
