/** Reads the lines that `OnlineStore.load` takes, a block of rows at a time. */
import { createReadStream } from 'node:fs';
import { errors } from '../../base/errors.ts';
import { findProblem, type Loaded, type OnlineRow, separator } from './online.ts';
import type { OrderContext } from './thread-server.ts';

const blockBytes = 1 << 20;

/** @throws onlineRowInvalid at the first line that is none */
async function* readBlocks(view: string, path: string): AsyncGenerator<OnlineRow[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  for await (const bytes of createReadStream(path, { highWaterMark: blockBytes })) {
    const text = rest + decoder.decode(bytes as Uint8Array, { stream: true });
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    if (end > 0) yield toRows(view, text, end);
  }
  const last = rest + decoder.decode();
  if (last !== '') yield toRows(view, `${last}\n`, last.length + 1);
}

function toRows(view: string, text: string, end: number): OnlineRow[] {
  const rows: OnlineRow[] = [];
  for (let start = 0; start < end; ) {
    const stop = text.indexOf('\n', start);
    rows.push(toRow(view, text, start, stop));
    start = stop + 1;
  }
  return rows;
}

function toRow(view: string, text: string, start: number, stop: number): OnlineRow {
  const first = text.indexOf(separator, start);
  const second = text.indexOf(separator, first + 1);
  if (first === -1 || second === -1 || second > stop)
    throw errors.onlineRowInvalid({
      view,
      key: text.slice(start, Math.min(stop, start + 100)),
      reason: 'its line has not three parts',
    });
  const row = {
    key: text.slice(start, first),
    eventTime: second === first + 1 ? Number.NaN : Number(text.slice(first + 1, second)),
    values: text.slice(second + 1, stop),
  };
  const reason = findProblem(row);
  if (reason !== null) throw errors.onlineRowInvalid({ view, key: row.key.slice(0, 100), reason });
  return row;
}

/** Takes the file a block at a time. */
export async function loadFile(
  { view, path }: { readonly view: string; readonly path: string },
  { report, assertWanted }: OrderContext,
  write: (rows: readonly OnlineRow[]) => Promise<number>,
): Promise<Loaded> {
  let [rows, written, newest] = [0, 0, Number.NEGATIVE_INFINITY];
  for await (const block of readBlocks(view, path)) {
    assertWanted();
    written += await write(block);
    rows += block.length;
    for (const { eventTime } of block) if (eventTime > newest) newest = eventTime;
    report(rows);
  }
  return { rows, written, newest: rows === 0 ? null : newest };
}
