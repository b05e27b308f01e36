import { expect, it } from 'vitest';
import { joinWords, splitWords } from './shell-words.ts';

it('cuts words as a shell does', () => {
  expect(splitWords(`python train.py --name='a b' "c \\" d" e\\ f '' \\\n  g\t h`)).toEqual([
    ...['python', 'train.py', '--name=a b', 'c " d', 'e f', '', 'g', 'h'],
  ]);
  expect(splitWords("echo 'it")).toBeNull();
  expect(splitWords('  ')).toEqual([]);
  // Placeholders of a sweep are no variables of a shell here.
  expect(splitWords('train.py ${args}')).toEqual(['train.py', '${args}']);
});

it('brings back what it joined', () => {
  const words = ['a b', "it's", '', '"q"', '\\', '${args}', 'plain'];
  expect(splitWords(joinWords(words))).toEqual(words);
});
