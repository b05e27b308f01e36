import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { compact } from './compact.ts';

export type Reply = Record<string, unknown> | Readable;

/**
 * A reply whose list comes in portions. One portion is an ordinary reply; more are written as they come, so that a page
 * of 50,000 never stands in memory as a whole. What fails after the second portion breaks the connection.
 */
export async function replyWithList(
  name: string,
  portions: AsyncIterator<readonly unknown[], undefined>,
  rest: Readonly<Record<string, unknown>>,
): Promise<Reply> {
  const first = (await portions.next()).value ?? [];
  const second = (await portions.next()).value;
  if (!second) return compact({ [name]: first, ...rest });
  return Readable.from(writeList(name, [first, second], portions, compact(rest)));
}

async function* writeList(
  name: string,
  begun: readonly (readonly unknown[])[],
  portions: AsyncIterator<readonly unknown[], undefined>,
  rest: Readonly<Record<string, unknown>>,
): AsyncGenerator<string> {
  yield `{${JSON.stringify(name)}:[`;
  let comma = '';
  for (const portion of begun) {
    yield comma + toItems(portion);
    comma = ',';
  }
  for (let next = await portions.next(); !next.done; next = await portions.next()) {
    yield comma + toItems(next.value);
    // SQLite answers without a turn of the event loop; others wait for one, and so does the socket.
    await setImmediate();
  }
  const others = JSON.stringify(rest).slice(1, -1);
  yield others === '' ? ']}' : `],${others}}`;
}

const toItems = (portion: readonly unknown[]): string => portion.map((item) => JSON.stringify(item)).join();
