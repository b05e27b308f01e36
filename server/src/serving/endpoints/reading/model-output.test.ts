import { expect, test } from 'vitest';
import type { Tensor } from '../../../adapters/inference/tensors.ts';
import { halfToNumber, readOutputs } from './model-output.ts';

const floats = (name: string, shape: number[], ...data: number[]): Tensor => ({
  ...{ name, shape, datatype: 'FP32', data: Float32Array.from(data) },
});
const labels = (...data: string[]): Tensor => ({
  ...{ name: 'label', shape: [data.length], datatype: 'BYTES', data },
});

test('a number per row stays a number', () => {
  expect(readOutputs([floats('y', [2, 1], 1, 2)], 2)).toEqual({
    values: [1, 2],
    details: null,
    reasons: null,
  });
});

test('of two classes the probability of the second is the value, and both outputs are told', () => {
  const read = readOutputs([labels('no', 'yes'), floats('probabilities', [2, 2], 0.75, 0.25, 0.5, 0.5)], 2);
  expect(read.values).toEqual([0.25, 0.5]);
  expect(read.details).toMatchObject([
    { outputs: { label: 'no', probabilities: [0.75, 0.25] }, prediction: 0.25 },
    { outputs: { label: 'yes' } },
  ]);
});

test('of more classes the label is the value, or the place of the likeliest', () => {
  const chances = floats('probabilities', [1, 3], 0.25, 0.5, 0.25);
  expect(readOutputs([labels('rose'), chances], 1)).toMatchObject({
    values: ['rose'],
    details: [{ prediction: null, output: { label: 'rose', probabilities: [0.25, 0.5, 0.25] } }],
  });
  expect(readOutputs([chances], 1)).toMatchObject({ values: [1], details: [{ prediction: 1 }] });
});

test('text, truth, vectors and several outputs are what they are', () => {
  expect(readOutputs([labels('a', 'b')], 2)).toMatchObject({ values: ['a', 'b'] });
  const truth: Tensor = { name: 'is', shape: [2], datatype: 'BOOL', data: Uint8Array.of(1, 0) };
  expect(readOutputs([truth], 2)).toMatchObject({ values: [true, false], details: [{ prediction: 1 }, {}] });
  expect(readOutputs([floats('embedding', [1, 3], 1, 2, 3)], 1)).toMatchObject({
    values: [[1, 2, 3]],
    details: [{ prediction: null, output: { embedding: [1, 2, 3] } }],
  });
  expect(readOutputs([floats('low', [1], 1), floats('high', [1], 2)], 1)).toMatchObject({
    values: [1],
    details: [{ outputs: { low: 1, high: 2 }, prediction: 1 }],
  });
});

test('what is not finite, or not one per row, is a reason', () => {
  expect(readOutputs([floats('y', [2], 1, Number.NaN)], 2)).toMatchObject({
    values: [1, null],
    reasons: [null, 'the model predicted NaN'],
  });
  const two = [floats('low', [1], 1), floats('high', [1], Number.POSITIVE_INFINITY)];
  expect(readOutputs(two, 1).reasons).toEqual(["the model predicted Infinity in 'high'"]);
  expect(readOutputs([floats('y', [1], 1)], 2).reasons).toEqual([
    "the model gave 1 values in 'y' for 2 rows",
    "the model gave 1 values in 'y' for 2 rows",
  ]);
  expect(readOutputs([], 1).reasons).toEqual(['the model gave no output']);
});

test.each([
  [0x3c00, 1],
  [0xc000, -2],
  [0x0001, 2 ** -24],
  [0x7c00, Number.POSITIVE_INFINITY],
])('half precision %i is %d', (bits, value) => {
  expect(halfToNumber(bits)).toBe(value);
});
