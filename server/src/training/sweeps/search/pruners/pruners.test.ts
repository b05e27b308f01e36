import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createPruner, type PrunerSettings } from './pruners.ts';
import { playStream, streamPruners } from './streams-testing.ts';

/** Optuna 5.0.0: python bench/training/optuna_pruners.py 6 30 */
const optuna = JSON.parse(readFileSync(new URL('optuna.json', import.meta.url), 'utf8')) as Record<
  string,
  string[]
>;

describe('decides as Optuna 5.0 on the same reports:', () => {
  test.each(Object.entries(streamPruners))('%s', (name, settings) => {
    const decided = optuna[name] ?? [];
    expect(decided).toHaveLength(6);
    for (const [stream, expected] of decided.entries())
      expect(playStream(settings, stream, 30, expected)).toBe(expected);
    expect(decided.join()).toMatch(/1/);
  });
});

const pruner = (settings: PrunerSettings) => createPruner(settings, { direction: 'minimize', name: 's' });

describe('a pruner', () => {
  test('called none stops nothing', () => {
    const none = pruner({ type: 'none' });
    none.report({ number: 0, step: 0, value: 1 });
    none.end(0, 'complete');
    expect(none.report({ number: 1, step: 0, value: Number.NaN })).toBe(false);
  });

  test('takes the first of several reports of one step', () => {
    const median = pruner({ type: 'median', startupTrials: 1 });
    median.report({ number: 0, step: 0, value: 5 });
    median.end(0, 'complete');
    expect(median.report({ number: 1, step: 0, value: 9 })).toBe(true);
    expect(median.report({ number: 1, step: 0, value: 1 })).toBe(true);
    expect(median.report({ number: 2, step: 0, value: 4 })).toBe(false);
  });

  test('measures by complete trials alone', () => {
    const median = pruner({ type: 'median', startupTrials: 1 });
    for (const [number, state] of [
      [0, 'failed'],
      [1, 'pruned'],
    ] as const) {
      median.report({ number, step: 0, value: 0 });
      median.end(number, state);
    }
    median.end(2, 'complete');
    expect(median.report({ number: 3, step: 0, value: 9 })).toBe(false);
  });
});
