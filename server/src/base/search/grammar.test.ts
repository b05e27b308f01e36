import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { searchableExperiments, searchableRuns } from '../../training/experiments/searchable.ts';
import { TidemillError } from '../errors.ts';
import { listComparisons, parseFilter, parseOrderings } from './grammar.ts';

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
    ["tags.a IN ('x')", { entity: 'tag', key: 'a', operator: 'IN', texts: ['x'] }],
    ["params.a NOT IN ('x', 'y')", { entity: 'parameter', key: 'a', operator: 'NOT IN', texts: ['x', 'y'] }],
    ["status IN ('FAILED')", { entity: 'attribute', key: 'status', operator: 'IN', texts: ['FAILED'] }],
    ['metrics.a IN (1, -2.5)', { entity: 'metric', key: 'a', operator: 'IN', numbers: [1, -2.5] }],
    ['start_time not in (5)', { entity: 'attribute', key: 'startedAt', operator: 'NOT IN', numbers: [5] }],
    ['metrics.a IS NULL', { entity: 'metric', key: 'a', operator: 'IS NULL' }],
    ['end_time IS NULL', { entity: 'attribute', key: 'endedAt', operator: 'IS NULL' }],
    ['((metrics.loss < 1))', { entity: 'metric', key: 'loss', operator: '<', number: 1 }],
    ["datasets.context IN ('x')", { entity: 'dataset', key: 'context', operator: 'IN', texts: ['x'] }],
  ])('%s', (text, expected) => expect(filter(text)).toEqual(expected));

  test('nothing asks for nothing; AND joins in any case and may trail', () => {
    expect(filter('')).toEqual({ all: [] });
    expect(filter('  \n ')).toEqual({ all: [] });
    expect(filter("metrics.a > 1 and params.b = 'and' AND tags.c IS NULL AND")).toMatchObject({
      all: [{ key: 'a' }, { key: 'b' }, { key: 'c' }],
    });
  });

  test('AND binds tighter than OR; brackets say otherwise', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((key) => filter(`metrics.${key} > 1`));
    const parse = (text: string) => filter(text.replace(/[abc]/g, 'metrics.$& > 1'));
    expect(parse('a OR b AND c')).toEqual({ any: [a, { all: [b, c] }] });
    expect(parse('a AND b or c')).toEqual({ any: [{ all: [a, b] }, c] });
    expect(parse('(a OR b) AND c')).toEqual({ all: [{ any: [a, b] }, c] });
    expect(parse('a AND (b AND(c))')).toEqual({ all: [a, { all: [b, c] }] });
    expect(listComparisons(parse('(a OR b) AND c'))).toEqual([a, b, c]);
  });

  test.each([
    ["params.a = 'a\0'", 'a NUL character'],
    ["metrics.loss = '1'", 'a number without quotes'],
    ['params.lr = 0.1', "a quoted string value, as in 'abc'"],
    ['params.lr = abc', 'a quoted string value'],
    ["params.lr > '1'", '=, !=, LIKE, ILIKE or IN'],
    ['metrics.a > 1 metrics.b > 1', 'expected AND, OR or the end'],
    ['metrics.a > 1 OR', 'a name such as metrics.loss'],
    ['metrics.a > 1 OR AND metrics.b > 1', 'no such attribute'],
    ['(metrics.a > 1', 'AND, OR or a closing bracket'],
    ['(metrics.a > 1 AND) AND metrics.b > 1', 'a name such as metrics.loss'],
    ['metrics.a > 1)', 'expected AND, OR or the end'],
    ['()', 'a name such as metrics.loss'],
    ['NOT metrics.a > 1', 'NOT stands only in NOT IN and IS NOT NULL'],
    ['metrics.a NOT > 1', 'IN after NOT'],
    ["metrics.a LIKE '1'", 'one of ='],
    ["metrics.a IN ('1')", 'a number without quotes'],
    ['params.a IN (1)', 'a quoted string value'],
    ['params.a IS 1', 'NULL or NOT NULL'],
    ["experiment_id = '1'", 'no such attribute; there are run_id, run_name'],
    ["constructor = '1'", 'no such attribute'],
    ['constructor.x = 1', 'write one of'],
    ["things.a = 'x'", 'write one of'],
    ['metrics. > 1', 'write one of'],
    ["dataset.source = 'x'", 'a dataset has name, digest, context'],
    ['run_id IN ()', 'a quoted string value'],
    ["run_id IN ('a'", 'a comma or a closing bracket'],
    ["run_id IN 'a'", 'a list in brackets'],
    ['metrics.a >', 'a number without quotes'],
    ['metrics.a', 'one of ='],
    ['metrics.a == 1', 'one of ='],
    ["params.a = 'open", 'no value or name begins so'],
    ["params.a = 'x'; drop table runs", 'no value or name begins so'],
    ['AND metrics.a > 1', 'no such attribute'],
  ])('%s is refused, saying what would be right', (text, reason) => {
    expect(() => filter(text)).toThrow(reason);
  });

  test('what is too much is refused before it costs anything', () => {
    const many = (count: number) => Array(count).fill('metrics.a > 1');
    expect(listComparisons(filter(many(100).join(' OR ')))).toHaveLength(100);
    expect(() => filter(many(101).join(' OR '))).toThrow('more than 100 comparisons');
    expect(() => filter(`${'('.repeat(21)}metrics.a > 1${')'.repeat(21)}`)).toThrow('more than 20 deep');
    expect(() => filter('('.repeat(100_000))).toThrow('more than 20 deep');
    expect(() => filter(`metrics.a IN (${Array(10_001).fill(1).join()})`)).toThrow('more than 10000 values');
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
        'OR',
        'NOT',
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
        expect(filter(text)).toEqual({ entity: 'parameter', key: name, operator: '=', text: value });
      }),
    );
  });

  test('experiments have attributes of their own', () => {
    const parse = (text: string) => parseFilter(text, searchableExperiments);
    expect(parse("name LIKE 'a%' AND tags.x = 'y' AND creation_time > 5")).toMatchObject({
      all: [{ key: 'name' }, { key: 'x' }, { key: 'createdAt' }],
    });
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
