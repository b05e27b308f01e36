import { expect, test } from 'vitest';
import { mainOf, toFields, toRecord } from './record-form.ts';

const inputs = [
  { name: 'age', type: 'long' },
  { name: 'income', type: 'double' },
  { name: 'plan', type: 'string', required: false },
  { name: 'active', type: 'boolean' },
  { name: 'image', type: 'tensor(float32)', shape: [-1, 28, 28] },
];
const trainingRange = { age: { minimum: 18, maximum: 91 }, income: { minimum: 0, maximum: 12_345.678 } };

test('fields come from the signature, with the middle of what the model was trained on', () => {
  const fields = toFields({ entity: ['customer'] }, {}, { inputs, trainingRange });
  expect(fields).toEqual([
    { name: 'customer', kind: 'text', isRequired: true, about: 'names the entity', example: '' },
    { name: 'age', kind: 'integer', isRequired: true, about: 'trained on 18 to 91', example: '55' },
    { name: 'income', kind: 'number', isRequired: true, about: 'trained on 0 to 12350', example: '6173' },
    { name: 'plan', kind: 'text', isRequired: false, about: 'string; may be left out', example: '' },
    { name: 'active', kind: 'boolean', isRequired: true, about: 'boolean', example: '' },
    { name: 'image', kind: 'json', isRequired: true, about: 'tensor(float32)', example: '' },
  ]);
  const texts = { customer: '42', age: '30', income: '1e3', active: 'false', image: '[[1]]' };
  expect(toRecord(fields, texts)).toEqual({
    record: { customer: '42', age: 30, income: 1000, active: false, image: [[1]] },
    problem: null,
  });
  expect(toRecord(fields, { age: 'old' }).problem).toBe('age: ‘old’ is no number');
});

test('where a view is looked up, a record only says of whom', () => {
  const fields = toFields({ entity: ['symbol'] }, { view: 'prices@1' }, { inputs, trainingRange });
  expect(fields.map(({ name }) => name)).toEqual(['symbol']);
});

test('the main variant has the largest share, and a shadow never is', () => {
  const variant = (name: string, weight: number, shadow = false) => ({ name, model: 'm@1', weight, shadow });
  const variants = [variant('a', 0.2), variant('b', 0.8), variant('c', 1, true)];
  expect(mainOf({ variants })?.name).toBe('b');
});
