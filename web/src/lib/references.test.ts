import { describe, expect, it } from 'vitest';
import { parseName, parseUri, pathOf, splitText, toLabel } from './references.ts';

const id = '01a208b0042c7e34b1c64d0c637023ae';

describe('references', () => {
  it.each([
    ['dataset:prices@3', '/datasets/prices/versions/3'],
    ['dataset:prices', '/datasets/prices'],
    ['view:price_stats@2', '/feature-views/price_stats/versions/2'],
    ['view:price_stats', '/feature-views/price_stats/versions/latest'],
    ['model:forecaster@champion', '/models/forecaster/versions/champion'],
    ['model:"my model"@7', '/models/my%20model/versions/7'],
    ['endpoint:forecast@3', '/endpoints/forecast'],
    [`run:${id}`, `/runs/${id}`],
    ['gate:forecaster', '/models/forecaster'],
    ['loop:loop_1', '/loop-runs/loop_1'],
  ])('%s has the screen %s', (uri, path) => {
    const reference = parseUri(uri);
    expect(reference && pathOf(reference)).toBe(path);
  });

  it.each(['token:token_1', 'automation', 'dataset:', ':x', 'http://127.0.0.1', 'user:owner'])(
    '%s has none',
    (uri) => expect(parseUri(uri)).toBeNull(),
  );

  it('splits at the last @, as names of others may hold one', () =>
    expect(parseName('a@b@3')).toEqual({ name: 'a@b', version: '3' }));
});

describe('free text', () => {
  const links = (text: string, known?: readonly string[]) =>
    splitText(text, known).flatMap((part) => (part.reference ? [pathOf(part.reference)] : []));

  it('is whole again when its parts are put together', () => {
    const text = `see dataset:prices@3, model:forecaster@7. And rollout_${id}!`;
    expect(
      splitText(text)
        .map((part) => part.text)
        .join(''),
    ).toBe(text);
    expect(links(text)).toEqual([
      '/datasets/prices/versions/3',
      '/models/forecaster/versions/7',
      `/rollouts/rollout_${id}`,
    ]);
  });

  it('links a bare name only where its uri is known', () => {
    expect(links('registered as forecaster@4')).toEqual([]);
    expect(links('registered as forecaster@4', ['model:forecaster@4'])).toEqual([
      '/models/forecaster/versions/4',
    ]);
  });

  it('leaves words, times and addresses alone', () =>
    expect(links('at 12:30 see http://127.0.0.1:4600 and someone@example.com')).toEqual([]));
});

it('shortens long ids by their end', () => {
  expect(toLabel(`sweep:sweep_${id}`)).toBe('sweep …637023ae');
  expect(toLabel(`loop_${id}`)).toBe('loop-run …637023ae');
  expect(toLabel(id)).toBe('…637023ae');
  expect(toLabel('model:forecaster@7')).toBe('model:forecaster@7');
});
