import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { searchableExperiments, searchableRuns } from '../../training/experiments/searchable.ts';
import { TidemillError } from '../errors.ts';
import { parseFilter, parseOrderings } from './grammar.ts';

const filter = (text: string) => parseFilter(text, searchableRuns);
const order = (...list: string[]) => parseOrderings(list, searchableRuns);

describe('filter', () => {
  test.each([
    ['metrics.loss < 1.5', { entity: 'metric', key: 'loss', operator: '<', number: 1.5 }],
    ['metric.loss>=-1e3', { entity: 'metric', key: 'loss', operator: '>=', number: -1000 }],
    ['metrics.val.loss != .5', { entity: 'metric', key: 'val.loss', operator: '!=', number: 0.5 }],
    ['metrics.`a b` = 2', { entity: 'metric', key: 'a b', operator: '=', number: 2 }],
    ['metrics."a-b/c" = 2', { entity: 'metric', key: 'a-b/c', operator: '=', number: 2 }],
    ['metrics.größe = 2', { entity: 'metric', key: 'größe', operator: '=', number: 2 }],
    ["params.lr = '0.1'", { entity: 'parameter', key: 'lr', operator: '=', text: '0.1' }],
    ['parameters.lr="0.1"', { entity: 'parameter', key: 'lr', operator: '=', text: '0.1' }],
    ["param.name like 'it''s %'", { entity: 'parameter', key: 'name', operator: 'LIKE', text: "it's %" }],
    ["tags.mlflow.source.name != ''", { entity: 'tag', key: 'mlflow.source.name', operator: '!=', text: '' }],
    ["tag.`mlflow.user` ILIKE 'A'", { entity: 'tag', key: 'mlflow.user', operator: 'ILIKE', text: 'A' }],
    ['tags.stage IS NULL', { entity: 'tag', key: 'stage', operator: 'IS NULL' }],
    ['params.stage is not null', { entity: 'parameter', key: 'stage', operator: 'IS NOT NULL' }],
    ["run_name = 'x'", { entity: 'attribute', key: 'name', operator: '=', text: 'x' }],
    ["`Run name` = 'x'", { entity: 'attribute', key: 'name', operator: '=', text: 'x' }],
    ["attributes.`run name` = 'x'", { entity: 'attribute', key: 'name', operator: '=', text: 'x' }],
    ["attr.status = 'FAILED'", { entity: 'attribute', key: 'status', operator: '=', text: 'FAILED' }],
    ["run.user_id = 'x'", { entity: 'attribute', key: 'user', operator: '=', text: 'x' }],
    ['Created > 1000', { entity: 'attribute', key: 'startedAt', operator: '>', number: 1000 }],
    ['attribute.end_time <= 5', { entity: 'attribute', key: 'endedAt', operator: '<=', number: 5 }],
    ['run_id IN (\'a\', "b")', { entity: 'attribute', key: 'id', operator: 'IN', texts: ['a', 'b'] }],
    ["run_id not in ('a')", { entity: 'attribute', key: 'id', operator: 'NOT IN', texts: ['a'] }],
    ["dataset.name = 'p'", { entity: 'dataset', key: 'name', operator: '=', text: 'p' }],
    ["datasets.context IN ('x')", { entity: 'dataset', key: 'context', operator: 'IN', texts: ['x'] }],
  ])('%s', (text, expected) => expect(filter(text)).toEqual([expected]));

  test('nothing asks for nothing; AND joins in any case and may trail', () => {
    expect(filter('')).toEqual([]);
    expect(filter('  \n ')).toEqual([]);
    expect(filter("metrics.a > 1 and params.b = 'and' AND tags.c IS NULL AND")).toHaveLength(3);
  });

  test.each([
    ["metrics.loss = '1'", 'a number without quotes'],
    ['params.lr = 0.1', "a quoted string value, as in 'abc'"],
    ['params.lr = abc', 'a quoted string value'],
    ["params.lr > '1'", '=, !=, LIKE or ILIKE'],
    ['metrics.a > 1 OR metrics.b > 1', 'only AND joins'],
    ['metrics.a > 1 metrics.b > 1', 'only AND joins'],
    ['(metrics.a > 1)', 'a name such as metrics.loss'],
    ['NOT metrics.a > 1', 'no such attribute'],
    ["experiment_id = '1'", 'no such attribute; there are run_id, run_name'],
    ["constructor = '1'", 'no such attribute'],
    ['constructor.x = 1', 'write one of'],
    ["things.a = 'x'", 'write one of'],
    ['metrics. > 1', 'write one of'],
    ["dataset.source = 'x'", 'a dataset has name, digest, context'],
    ["tags.a IN ('x')", 'IN is for run_id and for datasets'],
    ["status IN ('x')", 'IN is for run_id'],
    ['status IS NULL', 'only tags and parameters'],
    ['run_id IN ()', 'a quoted string value'],
    ["run_id IN ('a'", 'a comma or a closing bracket'],
    ["run_id IN 'a'", 'a list in brackets'],
    ['metrics.a >', 'a number without quotes'],
    ['metrics.a', 'one of ='],
    ['metrics.a == 1', 'one of ='],
    ["params.a = 'open", 'no value or name begins so'],
    ["params.a = 'x'; drop table runs", 'no value or name begins so'],
    ['AND metrics.a > 1', 'no such attribute'],
    [Array(101).fill('metrics.a > 1').join(' AND '), 'more than 100 comparisons'],
  ])('%s is refused, saying what would be right', (text, reason) => {
    expect(() => filter(text)).toThrow(reason);
  });

  test('whatever text comes, the answer is comparisons or an error of the catalogue', () => {
    const parts = fc.constantFrom(
      ...[
        'metrics.',
        'params',
        '.',
        'a',
        '=',
        '>',
        "'",
        '"',
        '`',
        ' ',
        'AND',
        'IN',
        '(',
        ')',
        ',',
        '1',
        '-',
        '%',
        'é',
      ],
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 30 }), (list) => {
        try {
          filter(list.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(TidemillError);
        }
      }),
    );
  });

  test('any key in backticks and any value in quotes comes back as it was', () => {
    const key = fc.stringMatching(/^[a-zA-Z0-9_./:\- ]{1,20}$/);
    fc.assert(
      fc.property(key, fc.string(), (name, value) => {
        const text = `params.\`${name}\` = '${value.replaceAll("'", "''")}'`;
        expect(filter(text)).toEqual([{ entity: 'parameter', key: name, operator: '=', text: value }]);
      }),
    );
  });

  test('experiments have attributes of their own', () => {
    const parse = (text: string) => parseFilter(text, searchableExperiments);
    expect(parse("name LIKE 'a%' AND tags.x = 'y' AND creation_time > 5")).toHaveLength(3);
    expect(() => parse('metrics.a > 1')).toThrow('write one of attribute');
    expect(() => parse("experiment_id = '1'")).toThrow('no such attribute');
  });
});

describe('order', () => {
  test('by metrics, parameters, tags and attributes, ascending unless said otherwise', () => {
    expect(order('metrics.loss DESC', 'params.`a b`', 'start_time asc', 'tags.x desc')).toEqual([
      { entity: 'metric', key: 'loss', descending: true },
      { entity: 'parameter', key: 'a b', descending: false },
      { entity: 'attribute', key: 'startedAt', descending: false },
      { entity: 'tag', key: 'x', descending: true },
    ]);
    expect(parseOrderings(['experiment_id DESC'], searchableExperiments)).toHaveLength(1);
  });

  test.each([
    [['metrics.a', 'metric.a DESC'], 'the same thing twice'],
    [['metrics.a UP'], 'ASC, DESC or the end'],
    [['metrics.a DESC, metrics.b'], 'ASC, DESC or the end'],
    [['dataset.name'], 'cannot be ordered by a dataset'],
    [['experiment_id'], 'no such attribute'],
    [[''], 'a name such as metrics.loss'],
  ])('%j is refused', (list, reason) => expect(() => order(...list)).toThrow(reason));
});
