// A remedy that names a command must name one that is there: messages, screens and pages against the real program.
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildProgram } from '../cli/src/program.ts';
import { root } from '../scripts/steps.ts';

type Command = ReturnType<typeof buildProgram>;

const places = [
  '{server,web,cli,sdk,contract}/src/**/*.{ts,tsx}',
  'examples/**/*.ts',
  'docs/**/*.md',
  '*.md',
] as const;

/** Words that follow `tidemill` where it is a command line and not the product's or a package's name. */
const commandLine = /(?<![@\w./-])tidemill((?: [a-z][a-z-]*)+)/g;

/** The first word that no command is called, or null. Words after a command that takes arguments are those. */
function findUnknown(words: readonly string[], program: Command): string | null {
  let command = program;
  for (const word of words) {
    const child = command.commands.find((c) => c.name() === word || c.aliases().includes(word));
    const takesArguments = command.commands.length === 0 || command.registeredArguments.length > 0;
    if (!child) return takesArguments ? null : word;
    command = child;
  }
  return null;
}

test('every command that is named anywhere exists', async () => {
  const program = buildProgram();
  const unknown: string[] = [];
  let found = 0;
  for await (const file of glob([...places], { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] })) {
    const content = await readFile(join(root, file), 'utf8');
    for (const [text, words = ''] of content.matchAll(commandLine)) {
      found++;
      if (findUnknown(words.trim().split(' '), program)) unknown.push(`${file}: ${text}`);
    }
  }
  expect(found).toBeGreaterThan(50);
  expect(unknown).toEqual([]);
});
