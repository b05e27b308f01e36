import { expect, it } from 'vitest';
import { sharedWork } from './shared-work.ts';

const neverAborted = new AbortController().signal;

it('is done once for all who ask while it runs, and anew afterwards', async () => {
  const work = sharedWork<number>(1);
  let runs = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const start = async () => {
    runs += 1;
    await promise;
    return runs;
  };
  const asked = [work.share('a', neverAborted, start), work.share('a', neverAborted, start)];
  resolve();
  expect(await Promise.all(asked)).toEqual([1, 1]);
  expect(await work.share('a', neverAborted, start)).toBe(2);
});

it('goes on while anybody waits, and ends when all have left', async () => {
  const work = sharedWork<string>(1);
  const callers = [new AbortController(), new AbortController()] as const;
  let stopped = false;
  const { promise, reject } = Promise.withResolvers<string>();
  const start = (signal: AbortSignal) => {
    signal.addEventListener('abort', () => {
      stopped = true;
      reject(new Error('stopped'));
    });
    return promise;
  };
  const [first, second] = callers.map(({ signal }) => work.share('a', signal, start));
  callers[0].abort();
  await expect(first).rejects.toMatchObject({ code: 'queryCancelled' });
  expect(stopped).toBe(false);
  callers[1].abort();
  await expect(second).rejects.toMatchObject({ code: 'queryCancelled' });
  expect(stopped).toBe(true);
  expect(await work.share('a', neverAborted, async () => 'again')).toBe('again');
});

it('takes turns, and a failure of one does not hold up the next', async () => {
  const work = sharedWork<string>(1);
  const order: string[] = [];
  const first = work.share('a', neverAborted, async () => {
    order.push('a');
    throw new Error('broken');
  });
  const second = work.share('b', neverAborted, async () => {
    order.push('b');
    return 'b';
  });
  await expect(first).rejects.toThrow('broken');
  expect(await second).toBe('b');
  expect(order).toEqual(['a', 'b']);
});
