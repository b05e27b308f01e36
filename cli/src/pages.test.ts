import { expect, it } from 'vitest';
import { listUpTo } from './pages.ts';

/** A server of so many numbers that gives at most `largest` at once. */
const pagesOf = (total: number, largest: number, asked: object[] = []) => ({
  asked,
  list: async (page: { limit: number; cursor?: string }) => {
    asked.push(page);
    const from = Number(page.cursor ?? 0);
    const to = Math.min(total, from + Math.min(page.limit, largest));
    const items = Array.from({ length: to - from }, (_, i) => from + i);
    return { items, nextCursor: to < total ? String(to) : null };
  },
});

it('gathers pages up to the limit and asks for no more than that', async () => {
  const pages = pagesOf(2500, 1000);
  expect(await listUpTo(1500, pages.list)).toHaveLength(1500);
  expect(pages.asked).toEqual([{ limit: 1000 }, { limit: 500, cursor: '1000' }]);
});

it('ends with the last page', async () => {
  const pages = pagesOf(3, 2);
  expect(await listUpTo(50, pages.list)).toEqual([0, 1, 2]);
  expect(await listUpTo(50, pagesOf(0, 2).list)).toEqual([]);
});
