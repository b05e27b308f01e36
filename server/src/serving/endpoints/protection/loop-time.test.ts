import { expect, test } from 'vitest';
import { createLoopTime } from './loop-time.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('a turn that is long is known to those who come after it, and forgotten when the loop rests', async () => {
  const time = createLoopTime();
  expect(time.lastMs()).toBe(0);
  time.note();
  await turn();
  for (let i = 0; i < 3; i++) {
    time.note();
    block(30);
    await turn();
  }
  expect(time.lastMs()).toBeGreaterThan(25);
  await later(20);
  expect(time.lastMs()).toBe(0);
  time.note();
  expect(time.lastMs()).toBe(0);
});
