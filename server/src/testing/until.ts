import { setTimeout as pause } from 'node:timers/promises';

/** Asks until the answer is right; fails with the last one. */
export async function until<T>(
  ask: () => Promise<T> | T,
  isRight: (answer: T) => boolean,
  timeoutMs = 20_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (Date.now() > end)
      throw new Error(`not within ${timeoutMs} ms: ${JSON.stringify(answer)?.slice(0, 2000)}`);
    await pause(10);
  }
}
