import { expect, it } from 'vitest';
import { emptyConfirm, numbersOf, ruleText, toConfirmation } from './confirm-form.ts';

const numbers = ['depth', 'rate'];

it('asks for what stands in the fields', () => {
  expect(toConfirmation({ ...emptyConfirm, windows: '2', lambda: '0.5' }, numbers)).toEqual({
    request: { top: 3, seeds: 3, windows: 2, rule: { type: 'mean-std', lambda: 0.5 } },
    wrong: {},
  });
  const simplest = { ...emptyConfirm, rule: 'one-standard-error', simplest: 'depth:low, rate:high' } as const;
  expect(toConfirmation(simplest, numbers)).toEqual({
    request: {
      ...{ top: 3, seeds: 3 },
      rule: { type: 'one-standard-error', simplest: { depth: 'low', rate: 'high' } },
    },
    wrong: {},
  });
});

it('says what is wrong where it stands', () => {
  const wrong = (part: Partial<typeof emptyConfirm>) =>
    Object.keys(toConfirmation({ ...emptyConfirm, ...part }, numbers).wrong);
  expect(wrong({ top: '0' })).toEqual(['top']);
  expect(wrong({ seeds: '2' })).toEqual(['seeds']);
  expect(wrong({ seeds: '2', windows: '2' })).toEqual([]);
  expect(wrong({ windows: '1.5' })).toEqual(['windows']);
  expect(wrong({ lambda: '' })).toEqual(['lambda']);
  for (const simplest of ['', 'depth', 'kind:low', 'depth:low,'])
    expect(wrong({ rule: 'one-standard-error', simplest })).toEqual(['simplest']);
});

it('knows numbers of a space, and says a rule in words', () => {
  expect(numbersOf({ a: { type: 'int' }, b: { type: 'categorical' }, c: { type: 'float' } })).toEqual([
    'a',
    'c',
  ]);
  const of = { top: 3, seeds: [1, 2, 3], windows: null };
  expect(ruleText({ ...of, rule: { type: 'mean-std', lambda: 2 } }, 'maximize')).toBe(
    'the greatest mean − 2·std',
  );
});
