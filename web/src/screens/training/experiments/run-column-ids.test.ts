import { describe, expect, it } from 'vitest';
import {
  formatColumnIds,
  mostColumns,
  parseColumnIds,
  parseKeyColumn,
  toFilter,
  toOrderBy,
  toProjection,
  toUsualIds,
} from './run-column-ids.ts';

describe('columns in the address', () => {
  const usual = ['name', 'status', 'metrics.loss'];

  it('are the usual ones until others are asked for', () => {
    expect(parseColumnIds(undefined, usual)).toEqual(usual);
    expect(formatColumnIds(usual, usual)).toBeUndefined();
    expect(formatColumnIds(['name'], usual)).toBe('name');
  });

  it('keep their order, know keys with dots and spaces, and drop what is none', () => {
    const ids = parseColumnIds('metrics.val/acc top.5,tags.my tag,nonsense,metrics.,name,user', usual);
    expect(ids).toEqual(['name', 'metrics.val/acc top.5', 'tags.my tag', 'user']);
    expect(parseKeyColumn('metrics.a.b')).toEqual({ kind: 'metric', key: 'a.b' });
    expect(parseKeyColumn('name')).toBeNull();
  });

  it('are bounded, whatever the address says', () => {
    const many = Array.from({ length: 12_000 }, (_, index) => `metrics.m${index}`).join();
    expect(parseColumnIds(many, usual)).toHaveLength(mostColumns);
  });

  it('are few by default, none of them the machine’s load', () => {
    const metrics = ['system/cpu', ...Array.from({ length: 12_000 }, (_, index) => `m${index}`)];
    const ids = toUsualIds(metrics, ['lr']);
    expect(ids).toEqual([
      'name',
      'status',
      'started',
      'took',
      'metrics.m0',
      'metrics.m1',
      'metrics.m2',
      'metrics.m3',
      'parameters.lr',
    ]);
  });
});

describe('an order', () => {
  it('is written in the grammar, keys quoted', () => {
    expect(toOrderBy({ id: 'metrics.val/acc top', desc: true })).toEqual(['metrics.`val/acc top` DESC']);
    expect(toOrderBy({ id: 'started', desc: false })).toEqual(['attributes.start_time ASC']);
  });

  it('is left to the server where it has none for the column', () => {
    expect(toOrderBy({ id: 'took', desc: true })).toBeUndefined();
    expect(toOrderBy(null)).toBeUndefined();
  });
});

it('a filter keeps what was typed together', () => {
  expect(toFilter('a = 1 OR b = 2', true)).toBe('(a = 1 OR b = 2) AND tags.mlflow.parentRunId IS NULL');
  expect(toFilter('a = 1', false)).toBe('a = 1');
  expect(toFilter(undefined, true)).toBe('tags.mlflow.parentRunId IS NULL');
});

it('only what is shown is asked for', () =>
  expect(toProjection(['name', 'metrics.val/acc', 'source', 'datasets', 'tags.mlflow.parentRunId'])).toEqual([
    'tags.`mlflow.parentRunId`',
    'metrics.`val/acc`',
    'tags.`mlflow.source.name`',
    'inputs',
  ]));
