import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { replyWithList } from './long-list.ts';

async function* toPortions(
  ...portions: (readonly unknown[])[]
): AsyncGenerator<readonly unknown[], undefined> {
  for (const portion of portions) yield portion;
  return undefined;
}

test('one portion is an ordinary reply, without what is empty', async () => {
  expect(await replyWithList('runs', toPortions(), { next_page_token: null })).toEqual({});
  const rest = { next_page_token: 'x' };
  expect(await replyWithList('runs', toPortions([{ a: 1 }]), rest)).toEqual({ runs: [{ a: 1 }], ...rest });
});

test('more are written one after the other, and read as one reply', async () => {
  for (const token of [null, 'x"']) {
    const portions = toPortions([{ a: 'é"' }, 2], [3], [4, { b: null }]);
    const reply = await replyWithList('runs', portions, { next_page_token: token });
    expect(reply).toBeInstanceOf(Readable);
    expect(JSON.parse(await text(reply as Readable))).toEqual({
      runs: [{ a: 'é"' }, 2, 3, 4, { b: null }],
      ...(token === null ? {} : { next_page_token: token }),
    });
  }
});

test('a failure of the first portions is an ordinary failure', async () => {
  const failing = (async function* (): AsyncGenerator<readonly unknown[], undefined> {
    yield [1];
    throw new Error('gone');
  })();
  await expect(replyWithList('runs', failing, {})).rejects.toThrow('gone');
});
