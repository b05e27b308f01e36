import { expect, test } from 'vitest';
import { newId, newRunId } from './ids.ts';

test('ids are unique, prefixed UUIDv7 in order of the millisecond they were made in', () => {
  const ids = Array.from({ length: 5000 }, () => newId('job'));
  expect(new Set(ids).size).toBe(5000);
  expect(ids.every((id) => /^job_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(id))).toBe(true);
  const times = ids.map((id) => id.slice(4, 16));
  expect(times).toEqual(times.toSorted());
});

test('run ids are 32 hex digits in the same order', () => {
  const ids = Array.from({ length: 1000 }, newRunId);
  expect(new Set(ids).size).toBe(1000);
  expect(ids.every((id) => /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(id))).toBe(true);
  const times = ids.map((id) => id.slice(0, 12));
  expect(times).toEqual(times.toSorted());
});
