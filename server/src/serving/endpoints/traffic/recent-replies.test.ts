import { describe, expect, test } from 'vitest';
import { createRecentReplies, type RecentRepliesOptions } from './recent-replies.ts';

function open(options: Partial<RecentRepliesOptions> = {}) {
  let now = 0;
  let made = 0;
  const replies = createRecentReplies({ clock: { now: () => now }, ...options });
  const ask = (key: string, changed: object = {}, answer = async () => ++made) =>
    replies.once({
      ...{ workspace: 'default', actor: 'user:a', endpoint: 'forecast', key, content: { x: 1 }, size: 1 },
      answer,
      ...changed,
    });
  return { ask, replies, skip: (ms: number) => (now += ms), made: () => made };
}

describe('a request sent again with its key', () => {
  test('gets the same reply within the window, and a new one after it', async () => {
    const { ask, skip } = open({ windowMs: 1000 });
    expect(await ask('a')).toBe(1);
    skip(999);
    expect(await ask('a')).toBe(1);
    skip(1);
    expect(await ask('a')).toBe(2);
    expect(await ask('b')).toBe(3);
  });

  test('shares one prediction with those under way', async () => {
    const { ask, made } = open();
    expect(await Promise.all([ask('a'), ask('a'), ask('a')])).toEqual([1, 1, 1]);
    expect(made()).toBe(1);
  });

  test('is refused with another body, whatever the order of its fields', async () => {
    const { ask } = open();
    await ask('a', { content: { x: 1, y: 2 } });
    expect(await ask('a', { content: { y: 2, x: 1 } })).toBe(1);
    expect(() => ask('a', { content: { x: 1, y: 3 } })).toThrow("The idempotency key 'a' came to endpoint");
  });

  test('is another request of another caller, endpoint or workspace', async () => {
    const { ask } = open();
    await ask('a');
    expect(await ask('a', { actor: 'user:b' })).toBe(2);
    expect(await ask('a', { endpoint: 'other' })).toBe(3);
    expect(await ask('a', { workspace: 'other' })).toBe(4);
  });

  test('is tried again after a failure, which those under way share', async () => {
    const { ask, replies } = open();
    const fail = () => Promise.reject(new Error('down'));
    const both = await Promise.allSettled([ask('a', {}, fail), ask('a', {}, fail)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(replies.size()).toEqual({ keys: 0, predictions: 0 });
    expect(await ask('a')).toBe(1);
  });

  test('is kept in bounds: the oldest go first', async () => {
    const { ask, replies } = open({ mostKeys: 3, mostPredictions: 10 });
    for (const key of ['a', 'b', 'c', 'd']) await ask(key);
    expect(replies.size()).toEqual({ keys: 3, predictions: 3 });
    expect(await ask('b')).toBe(2);
    expect(await ask('a')).toBe(5);
    await ask('large', { size: 9 });
    expect(replies.size()).toEqual({ keys: 2, predictions: 10 });
    await ask('heavier than thought', { size: 1, weigh: () => 8 });
    expect(replies.size()).toEqual({ keys: 1, predictions: 8 });
    await ask('too heavy', { size: 1, weigh: () => 11 });
    expect(replies.size()).toEqual({ keys: 0, predictions: 0 });
  });
});
