import { expect, test } from 'vitest';
import { newId, newRunId } from './ids.ts';

test('ids are unique, prefixed UUIDv7 in the order they were made in', () => {
  const ids = Array.from({ length: 20_000 }, () => newId('job'));
  expect(new Set(ids).size).toBe(20_000);
  expect(ids.every((id) => /^job_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(id))).toBe(true);
  expect(ids.every((id, i) => i === 0 || id > (ids[i - 1] ?? ''))).toBe(true);
});

test('run ids are 32 hex digits in the same order', () => {
  const ids = Array.from({ length: 1000 }, newRunId);
  expect(new Set(ids).size).toBe(1000);
  expect(ids.every((id) => /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(id))).toBe(true);
  expect(ids.every((id, i) => i === 0 || id > (ids[i - 1] ?? ''))).toBe(true);
});
