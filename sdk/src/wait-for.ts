const firstMs = 20;
const longestMs = 500;

/**
 * Asks again until the answer satisfies `isDone`, at growing intervals of at most half a second.
 * @throws the last answer's description when `timeoutMs` (default 60 s) has passed
 */
export async function waitFor<T>(
  ask: () => Promise<T>,
  isDone: (answer: T) => boolean,
  options: { timeoutMs?: number; what?: string } = {},
): Promise<T> {
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);
  for (let pause = firstMs; ; pause = Math.min(longestMs, pause * 1.5)) {
    const answer = await ask();
    if (isDone(answer)) return answer;
    if (Date.now() > deadline)
      throw new Error(
        `Gave up waiting for ${options.what ?? 'an answer'}: ${JSON.stringify(answer).slice(0, 500)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
