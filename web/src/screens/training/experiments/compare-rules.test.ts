import { describe, expect, it } from 'vitest';
import { findBest, findDirection, parseIds, toRows, toUniqueNames } from './compare-rules.ts';

describe('runs side by side', () => {
  it('differ where one has another value, or none', () => {
    const rows = toRows([
      { lr: '0.1', seed: '1' },
      { lr: '0.2', seed: '1' },
    ]);
    expect(rows).toEqual([
      { key: 'lr', values: ['0.1', '0.2'], isDifferent: true },
      { key: 'seed', values: ['1', '1'], isDifferent: false },
    ]);
    expect(toRows([{ a: '1' }, {}])[0]).toEqual({ key: 'a', values: ['1', undefined], isDifferent: true });
    expect(toRows<string>([{}, { constructor: 'x' }])[0]?.values).toEqual([undefined, 'x']);
  });

  it('have names of their own', () => {
    const runs = [
      { id: 'aaaaaaaa', name: 'x' },
      { id: 'bbbbbbbb', name: 'x' },
      { id: 'cccccccc', name: 'y' },
    ];
    expect(toUniqueNames(runs)).toEqual(['x (aaaaaa)', 'x (bbbbbb)', 'y']);
  });

  it('are read from an address that may say anything', () =>
    expect(parseIds('a,,b,a,<script>,c', 2)).toEqual(['a', 'b']));
});

describe('the best of a metric', () => {
  it('is known where its name says what is good', () => {
    const names = [
      'val/loss',
      'rmse',
      'mae',
      'val_accuracy',
      'r2',
      'f1',
      'roc_auc',
      'epoch',
      'format',
      'grad_norm',
    ];
    expect(names.map(findDirection)).toEqual([
      'lowest',
      'lowest',
      'lowest',
      'highest',
      'highest',
      'highest',
      'highest',
      null,
      null,
      null,
    ]);
  });

  it('counts no gaps, and is nothing among equals', () => {
    const row = (key: string, values: (number | null)[]) =>
      findBest({ key, values, isDifferent: new Set(values).size > 1 });
    expect(row('loss', [3, null, 1])).toBe(1);
    expect(row('acc', [0.3, 0.9])).toBe(0.9);
    expect(row('loss', [1, 1])).toBeNull();
    expect(row('loss', [null, 1])).toBeNull();
  });
});
