/** Runs in a worker thread: words and characters. */
import type { ValueCount } from '@tidemill/contract';

export interface TextInput {
  readonly values: readonly string[];
  /** How often each of them occurs. */
  readonly counts: readonly number[];
}

export interface TextFigures {
  readonly words: ValueCount[];
  readonly characters: number;
  readonly distinctCharacters: number;
  readonly classes: ValueCount[];
}

const shown = 20;
/** Distinct words and characters kept while counting: a text of random words must not fill the memory. */
const mostWords = 200_000;
const word = /[\p{L}\p{N}][\p{L}\p{N}'’_-]*/gu;

const classOf = (character: string): string => {
  if (/\p{L}|\p{M}/u.test(character)) return 'letters';
  if (/\p{N}/u.test(character)) return 'digits';
  if (/\p{Z}|\s/u.test(character)) return 'spaces';
  return /\p{P}|\p{S}/u.test(character) ? 'punctuation' : 'other';
};

export const describeTexts = (inputs: readonly TextInput[]): TextFigures[] => inputs.map(describeText);

function describeText({ values, counts }: TextInput): TextFigures {
  const words = new Map<string, number>();
  const characters = new Map<string, number>();
  values.forEach((value, i) => {
    const times = counts[i] ?? 1;
    for (const [found] of value.toLowerCase().matchAll(word))
      if (words.size < mostWords || words.has(found)) add(words, found, times);
    for (const character of value) add(characters, character, times);
  });
  const classes = new Map<string, number>();
  for (const [character, count] of characters) add(classes, classOf(character), count);
  return {
    words: commonest(words).slice(0, shown),
    characters: [...characters.values()].reduce((sum, count) => sum + count, 0),
    distinctCharacters: characters.size,
    classes: commonest(classes),
  };
}

function add(counts: Map<string, number>, key: string, times: number): void {
  counts.set(key, (counts.get(key) ?? 0) + times);
}

const commonest = (counts: ReadonlyMap<string, number>): ValueCount[] =>
  [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
