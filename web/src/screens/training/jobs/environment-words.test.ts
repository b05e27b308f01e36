import { expect, it } from 'vitest';
import { parseLock, toSurroundings } from './environment-words.ts';

it('reads packages of a lock, from an index or from elsewhere', () =>
  expect(
    parseLock('numpy==2.1.0\n# made by hand\ndemo @ file:///src/demo\n-e git+ssh://x#egg=y\n\n'),
  ).toEqual([
    { name: 'numpy', version: '2.1.0' },
    { name: 'demo', version: 'file:///src/demo' },
    { name: '-e git+ssh://x#egg=y', version: '' },
  ]));

it('flattens what was noted of the place', () => {
  const madeFrom = { file: 'uv.lock', tool: 'uv', digest: '0123456789abcdef' };
  const noted = { python: { version: '3.12.1' }, madeFrom, memoryBytes: 8e9 };
  expect(toSurroundings(JSON.stringify(noted))).toEqual({
    'python version': '3.12.1',
    'environment made from': 'uv.lock by uv (0123456789ab)',
    memory: '8 GB',
  });
  expect(toSurroundings('{"python": null}')).toEqual({ python: 'none' });
  expect(toSurroundings('half a')).toEqual({ noted: 'half a' });
});
