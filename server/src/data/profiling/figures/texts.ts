/** Runs in a worker thread: words and characters. */
import type { ValueCount } from '@tidemill/contract';
import { histogram, quantileOf, type Tally } from './tally.ts';

/** Values, and how often each of them occurs. */
export interface Weighted<T> {
  readonly values: readonly T[];
  readonly counts: readonly number[];
}

export interface TextInput extends Weighted<string> {
  readonly lengths: Weighted<number>;
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

export interface LengthFigures {
  readonly minimum: number;
  readonly mean: number;
  readonly median: number;
  readonly maximum: number;
  readonly total: number;
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

export interface DescribedText {
  readonly content: TextFigures;
  readonly lengths: LengthFigures;
}

export const describeText = ({ lengths, ...texts }: TextInput): DescribedText => ({
  content: contentOf(texts),
  lengths: lengthsOf(lengths),
});

function lengthsOf({ values, counts }: Weighted<number>): LengthFigures {
  const order = [...values.keys()].sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  let [n, total] = [0, 0];
  const upTo = Uint32Array.from(order, (i) => {
    n += counts[i] ?? 0;
    total += (counts[i] ?? 0) * (values[i] ?? 0);
    return n;
  });
  const tally: Tally = { values: Float64Array.from(order, (i) => values[i] ?? 0), upTo };
  return {
    minimum: tally.values[0] ?? Number.NaN,
    mean: total / n,
    median: n === 0 ? 0 : quantileOf(tally, 0.5),
    maximum: tally.values[order.length - 1] ?? Number.NaN,
    total,
    ...histogram(tally),
  };
}

function contentOf({ values, counts }: Weighted<string>): TextFigures {
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
