import { type Command, Option } from 'commander';
import { toInteger } from './parse.ts';

const largestPage = 1000;

/** Gathers up to `limit` items over as many pages as that takes. */
export async function listUpTo<T>(
  limit: number,
  list: (page: { limit: number; cursor?: string }) => Promise<{ items: T[]; nextCursor: string | null }>,
): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | null = null;
  do {
    const size = Math.min(largestPage, limit - found.length);
    const page = await list({ limit: size, ...(cursor !== null && { cursor }) });
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && found.length < limit);
  return found;
}

export const limitOption = (): Option =>
  new Option('--limit <rows>', 'at most so many').argParser(toInteger).default(50);

export interface Limited {
  readonly limit: number;
}

/** Every command shows one use of itself under its help. */
export const example = (command: Command, use: string): Command =>
  command.addHelpText('after', `\nExample:\n  $ tidemill ${use}`);
