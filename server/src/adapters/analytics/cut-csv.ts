/** A CSV cut between rows into files that are read by themselves, without reading its rows. */
import { open } from 'node:fs/promises';

const [quote, newline, carriage] = [0x22, 0x0a, 0x0d];
const blockBytes = 1 << 20;

/** The file is written in a way of which we do not know how it is read: it must be read as a whole. */
export class RowsUnclear extends Error {
  constructor() {
    super('rows of the file end where only a reader of the whole can tell');
  }
}

/**
 * Follows text block by block as RFC 4180 has it: a quote opens a field at its first byte, a doubled one is one of the
 * field, and behind the closing one the field ends; lines end with \n or \r\n. Anything else is unclear.
 */
export function rowEnds(delimiter: string): { scan(block: Uint8Array): number } {
  const separator = delimiter.charCodeAt(0);
  let isQuoted = false;
  let mayEscape = false;
  let previous = newline;

  function follow(block: Uint8Array): number {
    let end = 0;
    for (let i = 0; i < block.length; i += 1) {
      const byte = block[i] ?? 0;
      if (isQuoted) {
        const closing = byte === quote ? i : block.indexOf(quote, i);
        if (closing < 0) return end;
        i = closing;
        isQuoted = false;
        mayEscape = true;
        continue;
      }
      if (mayEscape) {
        mayEscape = false;
        previous = quote;
        if (byte === quote) {
          isQuoted = true;
          continue;
        }
        if (byte !== separator && byte !== newline && byte !== carriage) throw new RowsUnclear();
      } else if (byte === quote) {
        if (previous !== separator && previous !== newline) throw new RowsUnclear();
        isQuoted = true;
        continue;
      }
      if (previous === carriage && byte !== newline) throw new RowsUnclear();
      if (byte === newline) end = i + 1;
      previous = byte;
    }
    return end;
  }

  return {
    /** Where the last row that ends in the block does; 0 if none does. @throws RowsUnclear */
    scan(block) {
      const isPlain = !isQuoted && !mayEscape && previous !== carriage;
      if (!isPlain || block.includes(quote) || block.includes(carriage)) return follow(block);
      previous = block.at(-1) ?? previous;
      return block.lastIndexOf(newline) + 1;
    },
  };
}

export interface CutRequest {
  readonly delimiter: string;
  /** Where the piece of a number goes. */
  readonly to: (index: number) => string;
  /** A piece is hardly longer. */
  readonly pieceBytes: number;
}

export interface CsvPiece {
  readonly index: number;
  readonly path: string;
}

/** The pieces one after another, each written when it is asked for; the header is in the first. @throws RowsUnclear */
export async function* cutCsv(
  path: string,
  { delimiter, to, pieceBytes }: CutRequest,
): AsyncGenerator<CsvPiece> {
  const file = await open(path);
  const rows = rowEnds(delimiter);
  const block = Buffer.allocUnsafe(blockBytes);
  let index = 0;
  let piece = await open(to(0), 'w');
  try {
    let size = 0;
    for (;;) {
      const { bytesRead } = await file.read(block, 0, Math.min(blockBytes, pieceBytes), null);
      if (bytesRead === 0) break;
      const part = block.subarray(0, bytesRead);
      const end = rows.scan(part);
      size += bytesRead;
      if (end === 0 || size < pieceBytes) {
        await piece.writeFile(part);
        continue;
      }
      await piece.writeFile(part.subarray(0, end));
      await piece.close();
      // What is left of the block waits in it until somebody wants the next piece.
      yield { index, path: to(index) };
      index += 1;
      piece = await open(to(index), 'w');
      await piece.writeFile(part.subarray(end));
      size = bytesRead - end;
    }
    await piece.close();
    if (size > 0) yield { index, path: to(index) };
  } finally {
    await piece.close();
    await file.close();
  }
}
