import { describe, expect, test } from 'vitest';
import { toNested, toTensor } from '../reading/tensor-values.ts';
import { toJson } from './scoring-body.ts';
import { readScoringCsv, readScoringJson, toRecords, toTensors } from './scoring-input.ts';

const table = [
  { name: 'a', type: 'double' },
  { name: 'b', type: 'long' },
  { name: 'on', type: 'boolean', required: false },
  { name: 'c', type: 'string', required: false },
];
const two = table.slice(0, 2);
const one = [{ name: 'a', type: 'double' }];
const rows = [
  { a: 1, b: 2 },
  { a: 3, b: 4 },
];
const read = (body: unknown, signature = two) => toRecords(readScoringJson(body).data, signature);

describe('few bytes that mean many cells', () => {
  const wide = Array.from({ length: 5000 }, (_, i) => `c${i}`);

  test('are refused before they are made', () => {
    const data = Array.from({ length: 100_000 }, () => []);
    expect(() => readScoringJson({ dataframe_split: { columns: wide, data } })).toThrow('most rows');
    expect(() => readScoringCsv(`${wide.join()}\n${'1\n'.repeat(100_000)}`)).toThrow(
      'shorter than its header',
    );
  });

  test('are read once: names that are there twice, a text that does not end', () => {
    const many = [...Array.from({ length: 200_000 }, (_, i) => `c${i}`), 'c0'];
    expect(() => readScoringCsv(`${many.join()}\n`)).toThrow("'c0' twice");
    expect(() => toJson(`"${'\\"'.repeat(2_000_000)}`)).toThrow('not JSON');
    expect(() => toJson(`[${'"\\"'.repeat(700_000)}`)).toThrow('not JSON');
  });
});

describe('what is sent to be predicted', () => {
  test.each([
    [
      'dataframe_split',
      {
        dataframe_split: {
          columns: ['b', 'a'],
          index: [7, 8],
          data: [
            [2, 1],
            [4, 3],
          ],
        },
      },
    ],
    ['dataframe_records', { dataframe_records: rows }],
    ['instances by row', { instances: rows }],
    ['instances by column', { instances: { a: [1, 3], b: [2, 4] } }],
    [
      'instances without names',
      {
        instances: [
          [1, 2],
          [3, 4],
        ],
      },
    ],
    ['inputs by column', { inputs: { a: [1, 3], b: [2, 4] } }],
    ['inputs by row', { inputs: rows }],
    [
      'numbers as text',
      {
        dataframe_records: [
          { a: '1', b: '2' },
          { a: ' 3e0 ', b: '4' },
        ],
      },
    ],
  ])('comes as %s', (_what, body) => expect(read(body)).toEqual(rows));

  test('is one row where a column has one value, and a column where a model takes only one', () => {
    expect(read({ inputs: { a: 1, b: 2 } })).toEqual([{ a: 1, b: 2 }]);
    expect(read({ instances: [1, 3] }, one)).toEqual([{ a: 1 }, { a: 3 }]);
    expect(read({ inputs: 5 }, one)).toEqual([{ a: 5 }]);
    expect(read({ instances: [[1], [3]] }, one)).toEqual([{ a: 1 }, { a: 3 }]);
  });

  test('keeps what stands beside the features, and says null where a value is missing', () => {
    expect(read({ dataframe_split: { columns: ['id', 'a', 'b'], data: [['x', 1]] } })).toEqual([
      { id: 'x', a: 1, b: null },
    ]);
    expect(readScoringJson({ inputs: rows, params: { k: 1 } }).params).toEqual({ k: 1 });
    expect(readScoringJson({ inputs: rows, params: null }).params).toBeNull();
  });

  test.each([
    [[1], 'it is a list'],
    [{}, 'its fields are none'],
    [{ instances: [], inputs: [] }, 'exactly one of'],
    [{ rows: [] }, 'its fields are rows'],
    [{ dataframe_records: { a: 1 } }, 'it is an object'],
    [{ dataframe_records: [{ a: 1 }, 5] }, 'a number in it'],
    [{ dataframe_split: [] }, 'it is a list'],
    [{ dataframe_split: { columns: ['a'], rows: [] } }, "no 'rows'"],
    [{ dataframe_split: { columns: ['a', 'a'], data: [] } }, "'a' twice"],
    [{ dataframe_split: { columns: ['a', 'b'], data: [[1, 2, 3]] } }, 'has 3 values for 2 columns'],
    [{ dataframe_split: { columns: ['a', 'b'], data: [5] } }, 'row 0 of dataframe_split.data must be a list'],
    [{ instances: [{ a: 1, b: 2 }, [1, 2]] }, 'some rows have names'],
    [{ instances: [[1, 2, 3]] }, 'takes 2 (a, b)'],
    [{ inputs: { a: [1, 2], b: [1] } }, "'b' has 1 values and 'a' has 2"],
    [{ instances: [] }, 'there is no row in it'],
    [{ inputs: rows, params: 5 }, 'params must be an object'],
  ])('%j is refused with its reason', (body, reason) => expect(() => read(body)).toThrow(reason));
});

describe('a CSV', () => {
  const csv = (text: string, signature = table) => toRecords(readScoringCsv(text).data, signature);

  test('has quoted fields, missing values, and types by the signature', () => {
    expect(csv('a,b,on,c\n1.5,2,True,"x, ""y""\nz"\r\n,3,false,NA\n\n4,5,,12')).toEqual([
      { a: 1.5, b: 2, on: true, c: 'x, "y"\nz' },
      { a: null, b: 3, on: false, c: null },
      { a: 4, b: 5, on: null, c: '12' },
    ]);
  });

  test('may have an index without a name, short rows, a byte order mark, and any order', () => {
    expect(csv('\uFEFF,b,a\n0,2,1\n1,4,3', two)).toEqual(rows);
    expect(csv('a,b\n1', two)).toEqual([{ a: 1, b: null }]);
    expect(csv('a,b\n1,', two)).toEqual([{ a: 1, b: null }]);
  });

  test('keeps text that is no number, so that it is refused by name', () => {
    expect(csv('a,b\nx,1', two)).toEqual([{ a: 'x', b: 1 }]);
  });

  test.each([
    ['', 'no header'],
    ['a,b', 'there is no row'],
    ['a,a\n1,2', "'a' twice"],
    ['a,b\n1,2,3', 'has 3 values for 2 columns'],
    ['a,b\n"1"x,2', 'a quote stands alone'],
    ['a,b\n"1,2', 'a quote stands alone'],
  ])('%j is refused with its reason', (text, reason) => expect(() => csv(text)).toThrow(reason));
});

describe('tensors', () => {
  const matrix = { name: 'x', datatype: 'FP32', shape: [-1, 2] } as const;
  const ids = { name: 'y', datatype: 'INT64', shape: [-1] } as const;
  const tensors = (body: unknown, specs: Parameters<typeof toTensors>[1]) =>
    toTensors(readScoringJson(body).data, specs);

  test('come as nested lists, by name or without, or as a data frame', () => {
    const expected = [{ name: 'x', datatype: 'FP32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }];
    const lists = [
      [1, 2],
      [3, 4],
    ];
    for (const body of [
      { inputs: lists },
      { instances: lists },
      { inputs: { x: lists } },
      { instances: [{ x: [1, 2] }, { x: [3, 4] }] },
      { dataframe_split: { columns: ['p', 'q'], data: lists } },
      { dataframe_split: { data: lists } },
    ])
      expect(tensors(body, [matrix])).toEqual(expected);
    expect(tensors({ inputs: { x: [[1, 2]], y: [5] } }, [matrix, ids])[1]?.data).toEqual(
      BigInt64Array.of(5n),
    );
    expect(tensors({ instances: [{ x: [1, 2], y: 5 }] }, [matrix, ids])[0]?.shape).toEqual([1, 2]);
  });

  test.each([
    [{ inputs: [1, 2] }, 'has the shape [2], where the model takes [-1, 2]'],
    [{ inputs: [[1, 2], [3]] }, 'lists of different lengths'],
    [{ inputs: [[1, [2]]] }, 'a list where others have a value'],
    [{ inputs: [[1, 'x']] }, '\'x\' takes FP32, and "x" is none'],
    [{ inputs: [[1, null]] }, 'null is none'],
  ])('%j is refused with its reason', (body, reason) =>
    expect(() => tensors(body, [matrix])).toThrow(reason),
  );

  test('that are missing are named, and deep lists refused', () => {
    expect(() => tensors({ inputs: { x: [[1, 2]] } }, [matrix, ids])).toThrow('inputs y are missing');
    expect(() => tensors({ inputs: [[1, 2]] }, [matrix, ids])).toThrow('takes 2 tensors (x, y)');
    const deep = JSON.parse('['.repeat(5000) + ']'.repeat(5000));
    expect(() => tensors({ inputs: deep }, [matrix])).toThrow('nested more than 32 deep');
  });

  test('come back as lists: integers with all their digits, null for what is no number', () => {
    const big = 2n ** 53n + 1n;
    expect(JSON.stringify(toNested({ ...ids, shape: [2], data: BigInt64Array.of(5n, big) }))).toBe(
      '[5,9007199254740993]',
    );
    expect(toNested({ ...matrix, shape: [2, 2], data: Float32Array.of(1, Number.NaN, 3, 4) })).toEqual([
      [1, null],
      [3, 4],
    ]);
    const half = toTensor({ name: 'h', datatype: 'FP16', shape: [-1] }, [1, -0.5]);
    expect(toNested(half)).toEqual([1, -0.5]);
    expect(toNested(toTensor({ name: 't', datatype: 'BYTES', shape: [1, 2] }, [['a', 'é']]))).toEqual([
      ['a', 'é'],
    ]);
    expect(toNested(toTensor({ name: 't', datatype: 'BOOL', shape: [-1] }, [true, 0]))).toEqual([
      true,
      false,
    ]);
    for (const bad of [1.5, 128, '1', null])
      expect(() => toTensor({ name: 't', datatype: 'INT8', shape: [-1] }, [bad])).toThrow('takes INT8');
  });
});
