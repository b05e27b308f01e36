// A run that a page prints: the commands a reader types, each with what it answered.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../scripts/steps.ts';
import { tidemillInside } from './cli-process.ts';

export interface PrintedStep {
  /** The program and what it is given: `['cat', 'today.json']`. */
  readonly words: readonly string[];
  /** As printed; `…` stands for anything. */
  readonly output: string;
}

/** The commands of a section of a page, in order. A line that ends in a backslash goes on. */
export async function readPrintedRun(page: string, heading: string): Promise<readonly PrintedStep[]> {
  const text = await readFile(join(root, page), 'utf8');
  const start = text.indexOf(`${heading}\n`);
  if (start < 0) throw new Error(`${page} has no heading '${heading}'.`);
  const depth = /^#+/.exec(heading)?.[0].length ?? 1;
  const [section = ''] = text.slice(start + heading.length).split(new RegExp(`\\n#{1,${depth}} `));
  const blocks = [...section.matchAll(/^```\n(\$ [\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  return blocks.flatMap((block) => block.split(/^\$ /m).slice(1)).map(toStep);
}

function toStep(text: string): PrintedStep {
  const [, command = '', output = ''] = /^((?:.*\\\n)*.*)\n([\s\S]*)$/.exec(text) ?? [];
  return { words: toWords(command.replaceAll('\\\n', ' ')), output: output.trimEnd() };
}

const toWords = (command: string) =>
  [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, plain]) => a ?? b ?? plain ?? '');

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What the page prints as a pattern: a line of `…` is any lines or none, one inside a line anything on it. */
export function toPattern(output: string): RegExp {
  const lines = output.split('\n').map((line) => {
    if (line === '…') return '(?:.*\n)*?';
    return `${line.split('…').map(escaped).join('.*')}\n`;
  });
  return new RegExp(`^${lines.join('')}$`);
}

/** What a reader sees who types a step in this folder. */
export async function type({ words }: PrintedStep, folder: string, url: string): Promise<string> {
  const [program, first, ...rest] = words;
  if (program === 'cat') return readFile(join(folder, first ?? ''), 'utf8');
  if (program !== 'npx' || first !== 'tidemill') throw new Error(`No reader is told what '${program}' is.`);
  const { code, stdout, stderr } = await tidemillInside(rest, { folder, url });
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}
