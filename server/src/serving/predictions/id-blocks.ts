/**
 * Where in a file of lines an id may be: blocks of some 64 KiB, each with a Bloom filter of its ids. One in two thousand
 * blocks is read in vain; the filters take a sixtieth of the file's size in memory.
 */
export interface Block {
  readonly start: number;
  end: number;
  readonly bits: Uint32Array;
}

const blockBytes = 64 << 10;
const filterBits = 8192;
const probes = 4;

export interface IdBlocks {
  /** A line of so many bytes, behind those before. */
  add(id: string, bytes: number): void;
  /** The newest first. */
  find(id: string): Block[];
}

export function createIdBlocks(): IdBlocks {
  const blocks: Block[] = [];
  return {
    add(id, bytes) {
      let block = blocks.at(-1);
      if (!block || block.end - block.start >= blockBytes) {
        const start = block?.end ?? 0;
        block = { start, end: start, bits: new Uint32Array(filterBits / 32) };
        blocks.push(block);
      }
      block.end += bytes;
      const { bits } = block;
      eachBit(id, (word, mask) => {
        bits[word] = (bits[word] as number) | mask;
        return true;
      });
    },
    find(id) {
      return blocks
        .filter(({ bits }) => eachBit(id, (word, mask) => ((bits[word] as number) & mask) !== 0))
        .reverse();
    },
  };
}

/** The bits of an id, until one is refused. */
function eachBit(id: string, visit: (word: number, mask: number) => boolean): boolean {
  let [a, b] = [0x811c9dc5, 0x9e3779b9];
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x85ebca6b);
  }
  a ^= a >>> 15;
  b = (b ^ (b >>> 13)) | 1;
  for (let probe = 0; probe < probes; probe++) {
    const bit = ((a + Math.imul(probe, b)) >>> 0) % filterBits;
    if (!visit(bit >>> 5, 1 << (bit & 31))) return false;
  }
  return true;
}
