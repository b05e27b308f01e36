import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packTar, type TarEntry, unpackTar } from './tar.ts';

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function pack(entries: TarEntry[]): Promise<Buffer> {
  return buffer(Readable.from(packTar(entries)));
}

async function unpack(bytes: Uint8Array, piece = 1000, limits?: Parameters<typeof unpackTar>[1]) {
  const found: { path: string; text: string }[] = [];
  for await (const file of unpackTar(cut(bytes, piece), limits)) {
    const content = await buffer(Readable.from(file.content));
    expect(content.length).toBe(file.size);
    found.push({ path: file.path, text: content.toString('base64') });
  }
  return found;
}

const entry = (path: string, content: Uint8Array | string = 'x'): TarEntry => {
  const bytes = Buffer.from(content);
  return { path, size: bytes.length, content: bytes };
};

/** The entry under a name that `packTar` would not write, with a right checksum. */
async function hostile(change: (header: Buffer) => void): Promise<Buffer> {
  const bytes = await pack([entry('a')]);
  change(bytes);
  bytes.fill(' ', 148, 156);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}

describe('tar', () => {
  test('what is packed is unpacked, however the stream is cut', async () => {
    const part = fc.stringMatching(/^[A-Za-z0-9_@-][\w@.-]{0,40}$/);
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const files = fc.uniqueArray(fc.tuple(path, fc.uint8Array({ maxLength: 1500 })), {
      selector: ([name]) => name,
      maxLength: 6,
    });
    const check = fc.asyncProperty(files, fc.integer({ min: 1, max: 2000 }), async (list, piece) => {
      const bytes = await pack(list.map(([name, content]) => entry(name, content)));
      expect(bytes.length % 512).toBe(0);
      expect(await unpack(bytes, piece)).toEqual(
        list.map(([name, content]) => ({ path: name, text: Buffer.from(content).toString('base64') })),
      );
    });
    await fc.assert(check, { numRuns: 60 });
  });

  test('random damage is an error of ours or other content, never a crash', async () => {
    const bytes = await pack([
      entry('bundle.json', '{}'),
      entry('datasets/prices@1/chunk-1.parquet', 'PAR1'),
    ]);
    const check = fc.asyncProperty(
      fc.integer({ min: 0, max: bytes.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, change) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        const found = await unpack(damaged).catch((error) => error);
        if (found instanceof Error) expect(found).toMatchObject({ code: 'bundleInvalid' });
      },
    );
    await fc.assert(check, { numRuns: 200 });
  });

  test.each([
    ['../outside'],
    ['/etc/passwd'],
    ['a/../../b'],
    ['a//b'],
    ['./a'],
    ['a/.ssh'],
    ['a\\b'],
    ['C:x'],
    ['a\nb'],
  ])('the path %j is refused, coming and going', async (path) => {
    const bytes = await hostile((header) => {
      header.fill(0, 0, 100);
      header.write(path, 0, 'latin1');
    });
    await expect(unpack(bytes)).rejects.toThrow(/not a plain relative path/);
    await expect(pack([entry(path)])).rejects.toThrow(RangeError);
  });

  test('links, folders, extensions, damaged and torn files are refused', async () => {
    for (const type of ['1', '2', '5', 'x', 'g', 'L']) {
      const bytes = await hostile((header) => header.write(type, 156));
      await expect(unpack(bytes)).rejects.toThrow(/only regular files/);
    }
    const negative = await hostile((header) => header.write('-0000000001', 124));
    await expect(unpack(negative)).rejects.toThrow(/size is not a number/);
    const bytes = await pack([entry('a', 'content')]);
    await expect(unpack(bytes.subarray(0, 515))).rejects.toThrow(/ends too early/);
    await expect(unpack(bytes.subarray(0, 1024))).rejects.toThrow(/ends too early/);
    await expect(unpack(Buffer.from('this is not a tar file'.repeat(50)))).rejects.toThrow(/no tar header/);
    await expect(unpack(await pack([entry('a'), entry('a')]))).rejects.toThrow(/appears twice/);
  });

  test('a huge file is refused by its header, before a byte of it is read', async () => {
    const bytes = await hostile((header) => header.write('77777777777', 124));
    await expect(unpack(bytes)).rejects.toThrow(/8589934591 bytes are more than/);
    const limits = { files: 2, fileBytes: 10, totalBytes: 12 };
    await expect(
      unpack(await pack([entry('a', '12345678'), entry('b', '12345678')]), 512, limits),
    ).rejects.toThrow(/all files together/);
    const three = await pack([entry('a'), entry('b'), entry('c')]);
    await expect(unpack(three, 512, limits)).rejects.toThrow(/more than the 2 files/);
  });

  test('other programs read it', async () => {
    const { spawnSync } = await import('node:child_process');
    const long = `${'d'.repeat(120)}/${'f'.repeat(90)}`;
    const input = await pack([entry('bundle.json', '{"a":1}'), entry(long, 'deep')]);
    const listed = spawnSync('tar', ['-tf', '-'], { input });
    expect(listed.stdout.toString().trim().split('\n')).toEqual(['bundle.json', long]);
  });
});
