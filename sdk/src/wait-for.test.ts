import { expect, it } from 'vitest';
import { waitFor } from './wait-for.ts';

it('asks until the answer satisfies, and returns it', async () => {
  let asked = 0;
  expect(
    await waitFor(
      async () => ++asked,
      (n) => n === 3,
    ),
  ).toBe(3);
  expect(asked).toBe(3);
});

it('gives up with the last answer', async () => {
  const waiting = waitFor(
    async () => ({ state: 'queued' }),
    () => false,
    { timeoutMs: 0, what: 'the job' },
  );
  await expect(waiting).rejects.toThrow('Gave up waiting for the job: {"state":"queued"}');
});

it('passes on what the question throws', async () => {
  const waiting = waitFor(
    () => Promise.reject(new Error('gone')),
    () => true,
  );
  await expect(waiting).rejects.toThrow('gone');
});
