import fc from 'fast-check';
import { expect, test } from 'vitest';
import { errors } from '../../base/errors.ts';
import {
  assertNames,
  changedFields,
  lastingPart,
  outlookOf,
  ownedFields,
  readReference,
  toProjectError,
} from './rules.ts';

const json = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }));

test('a thing equal to its file is unchanged, whatever it is', () => {
  fc.assert(
    fc.property(json, (thing) => {
      expect(outlookOf(structuredClone(thing), thing)).toEqual({
        action: 'unchanged',
        changes: [],
        waitsFor: null,
      });
    }),
  );
});

test('changed fields are named down to the innermost', () => {
  const before = { window: 22, sweep: { trials: 10, folds: 3 }, columns: ['a'] };
  const after = { window: 30, sweep: { trials: 20, folds: 3 }, columns: ['a', 'b'], webhook: 'http://x' };
  expect(changedFields(before, after)).toEqual(['window', 'sweep.trials', 'columns', 'webhook']);
  expect(changedFields(after, before)).toContain('webhook');
});

test('of an endpoint that is there, the file owns what it says, but not the variants', () => {
  const wanted = {
    variants: [{ name: 'first', model: 'm@1', weight: 1 }],
    entity: ['symbol'],
    timeoutMs: 250,
  };
  const live = {
    ...wanted,
    variants: [{ name: 'later', model: 'm@7', weight: 1 }],
    fallback: 'features.close',
  };
  const lasting = lastingPart(wanted);
  expect(outlookOf(ownedFields(live, lasting), lasting).action).toBe('unchanged');
  expect(outlookOf(ownedFields({ ...live, timeoutMs: 9 }, lasting), lasting).changes).toEqual(['timeoutMs']);
});

test('mistakes name their place in the file', () => {
  expect(() => readReference('dataset:prices@1', 'model', 'endpoints.f.variants[0].model')).toThrow(
    "The project file is not right at endpoints.f.variants[0].model: 'dataset:prices@1' names a dataset, not a model.",
  );
  expect(() => readReference('No Name@1', 'model', 'a.b')).toThrow('at a.b: ');
  expect(() =>
    assertNames({ name: 'p', monitors: { 'Bad Name': { endpoint: 'x', kind: 'drift' } } }),
  ).toThrow('at monitors.Bad Name');
  const internal = new Error('disk');
  expect(toProjectError(internal, 'x')).toBe(internal);
  expect(toProjectError(errors.endpointNotFound({ name: 'x' }), 'monitors.m')).toMatchObject({
    code: 'projectInvalid',
  });
});
