import type { EndpointRevision, Variant } from '@tidemill/contract';
import { expect, test } from 'vitest';
import { isSame, rollbackTarget, toDefinition } from './rules.ts';

const variant = (model: string, weight = 1, name = 'main'): Variant => ({ name, model, weight });
const shadow = (model: string): Variant => ({ ...variant(model, 0, 'candidate'), shadow: true });
const revision = (number: number, variants: Variant[], timeoutMs = 1000): EndpointRevision => ({
  ...toDefinition({ variants, entity: ['ticker'], timeoutMs }),
  ...{
    endpoint: 'forecast',
    revision: number,
    uri: '',
    live: false,
    reason: '',
    createdAt: 0,
    createdBy: '',
  },
});

test('back from a change of settings is the revision before', () => {
  const history = [revision(2, [variant('a@1')], 50), revision(1, [variant('a@0')])];
  expect(rollbackTarget(revision(3, [variant('a@1')], 60), history)).toBe(2);
});

test('back from a promotion is before its canary and its shadow', () => {
  const canary = [variant('a@1', 0.8), variant('a@2', 0.2, 'candidate')];
  const history = [
    revision(3, canary),
    revision(2, [variant('a@1'), shadow('a@2')]),
    revision(1, [variant('a@1')]),
  ];
  expect(rollbackTarget(revision(4, [variant('a@2')]), history)).toBe(1);
});

test('back from a canary is the revision before it', () => {
  const canary = [variant('a@1', 0.8), variant('a@2', 0.2, 'candidate')];
  const history = [revision(2, [variant('a@1'), shadow('a@2')]), revision(1, [variant('a@1')])];
  expect(rollbackTarget(revision(3, canary), history)).toBe(2);
});

test('a definition is the same however its defaults are spelled', () => {
  const variants = [variant('a@1'), { ...shadow('a@2'), weight: 0.3 }];
  const spelled = { variants, entity: ['ticker'], timeoutMs: 1000, alias: null, log: 'buffered' as const };
  expect(
    isSame(
      toDefinition({ variants: [variant('a@1'), shadow('a@2')], entity: ['ticker'] }),
      toDefinition(spelled),
    ),
  ).toBe(true);
});
