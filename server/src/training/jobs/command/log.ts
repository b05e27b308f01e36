import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Download } from '@tidemill/contract';
import { masked, reach } from '../../../base/token-mask.ts';
import type { CommandFolder } from './folder.ts';

export interface LogRange {
  readonly stream?: 'stdout' | 'stderr' | undefined;
  /** Bytes to leave out; negative: only so many from the end. */
  readonly offset?: number | undefined;
}

/** The output as it is now, with stars for the secrets of tokens; empty where there is none. */
export async function readLog(
  folder: CommandFolder,
  { stream = 'stdout', offset = 0 }: LogRange,
): Promise<Download> {
  const path = folder[stream];
  const size = (await stat(path).catch(() => null))?.size ?? 0;
  const start = Math.min(size, offset < 0 ? Math.max(0, size + offset) : offset);
  // The size is that of now: what is written meanwhile belongs to the next look.
  const content = start < size ? readRange(path, start, size) : empty();
  return { content, mediaType: 'text/plain; charset=utf-8', size: size - start };
}

/** Opened when first read. */
async function* readRange(path: string, start: number, size: number): AsyncGenerator<Uint8Array> {
  const from = Math.max(0, start - reach);
  yield* masked(createReadStream(path, { start: from, end: size - 1 }), start - from);
}

async function* empty(): AsyncGenerator<Uint8Array> {}
