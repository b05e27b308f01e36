import { expect, it } from 'vitest';
import { pathOf } from '../../../lib/references.ts';
import { toModelUris } from './model-uris.ts';

it('names a version as MLflow does, aliases first', () =>
  expect(toModelUris({ model: 'my model', version: 3, aliases: ['champion'] })).toEqual([
    'models:/my model@champion',
    'models:/my model/3',
  ]));

it('a name of MLflow’s may hold spaces and @: its address holds them encoded', () =>
  expect(pathOf({ kind: 'model', name: 'my model@v 1', version: '3' })).toBe(
    '/models/my%20model%40v%201/versions/3',
  ));
