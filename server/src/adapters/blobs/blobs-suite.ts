import { createHash, randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import type { Blobs } from './blobs.ts';

const sha256Of = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
const bytes = (text: string) => new TextEncoder().encode(text);
const missing = sha256Of(bytes('never stored'));

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

export async function listed(blobs: Blobs): Promise<string[]> {
  const ids: string[] = [];
  for await (const id of blobs.list()) ids.push(id);
  return ids;
}

/** What every kind of blob store promises. `open` gives a new, empty one at each call. */
export function blobsSuite(open: () => Promise<Blobs>): void {
  test('whatever is put, in whatever pieces, comes back under its SHA-256', async () => {
    const blobs = await open();
    const property = fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }),
      async (chunks) => {
        const content = Buffer.concat(chunks);
        const stored = await blobs.put(streamOf(chunks));
        expect(stored).toEqual({ sha256: sha256Of(content), size: content.length });
        expect(await blobs.put(content)).toEqual(stored);
        expect(Buffer.from(await blobs.read(stored.sha256)).equals(content)).toBe(true);
        expect((await buffer(await blobs.get(stored.sha256))).equals(content)).toBe(true);
        expect((await blobs.stat(stored.sha256))?.size).toBe(content.length);
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  test('list gives exactly what is stored, in ascending order', async () => {
    const blobs = await open();
    expect(await listed(blobs)).toEqual([]);
    const property = fc.asyncProperty(fc.uniqueArray(fc.string(), { maxLength: 12 }), async (texts) => {
      const store = await open();
      const stored = await Promise.all(texts.map((text) => store.put(bytes(text))));
      const ids = [...new Set(stored.map((blob) => blob.sha256))].sort();
      expect(await listed(store)).toEqual(ids);
      const [first, ...rest] = ids;
      if (first === undefined) return;
      await store.delete(first);
      await store.delete(first);
      expect(await listed(store)).toEqual(rest);
    });
    await fc.assert(property, { numRuns: 15 });
  });

  test('a large stream, larger than any buffer', async () => {
    const blobs = await open();
    const chunks = Array.from({ length: 40 }, () => randomBytes(100_000));
    const { sha256, size } = await blobs.put(streamOf(chunks));
    expect(size).toBe(4_000_000);
    expect((await buffer(await blobs.get(sha256))).equals(Buffer.concat(chunks))).toBe(true);
  });

  test('the same content from many writers at once is one blob', async () => {
    const blobs = await open();
    const content = randomBytes(50_000);
    const stored = await Promise.all(Array.from({ length: 20 }, () => blobs.put(content)));
    expect(new Set(stored.map((blob) => blob.sha256)).size).toBe(1);
    expect(await listed(blobs)).toEqual([sha256Of(content)]);
    expect(await blobs.verify(sha256Of(content))).toBe(true);
  });

  test('a source that fails half way leaves nothing and gives its own error', async () => {
    const blobs = await open();
    const reason = new Error('connection lost');
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield bytes('half');
      throw reason;
    }
    await expect(blobs.put(failing())).rejects.toBe(reason);
    expect(await listed(blobs)).toEqual([]);
    expect(await blobs.stat(sha256Of(bytes('half')))).toBeNull();
  });

  test('what is missing is blobNotFound, except to stat and delete', async () => {
    const blobs = await open();
    for (const ask of [blobs.get, blobs.read, blobs.localPath, blobs.verify]) {
      await expect(ask(missing)).rejects.toMatchObject({
        code: 'blobNotFound',
        details: { sha256: missing },
      });
    }
    expect(await blobs.stat(missing)).toBeNull();
    await blobs.delete(missing);
  });

  test.each([
    '',
    '..',
    '../../../etc/passwd',
    `${'a'.repeat(61)}/..`,
    'A'.repeat(64),
    `${missing}\n`,
    `${missing.slice(0, 63)}\u0000`,
    missing.slice(1),
    'x'.repeat(100_000),
  ])('%j is no id to any method', async (id) => {
    const blobs = await open();
    for (const ask of [blobs.get, blobs.read, blobs.localPath, blobs.verify, blobs.stat, blobs.delete]) {
      await expect(ask(id)).rejects.toMatchObject({ code: 'blobIdInvalid' });
    }
  });

  test('a file is copied, or given away and gone', async () => {
    const blobs = await open();
    const path = join(await tempDir(), 'model.onnx');
    await writeFile(path, 'weights');
    const expected = { sha256: sha256Of(bytes('weights')), size: 7 };
    expect(await blobs.putFile(path)).toEqual(expected);
    expect(await readFile(path, 'utf8')).toBe('weights');
    expect(await blobs.putFile(path, { move: true })).toEqual(expected);
    await expect(stat(path)).rejects.toThrow('ENOENT');
    expect(Buffer.from(await blobs.read(expected.sha256)).toString()).toBe('weights');
    await expect(blobs.putFile(path)).rejects.toThrow('ENOENT');
    await expect(blobs.putFile(path, { move: true })).rejects.toThrow('ENOENT');
  });

  test('only what is old is cleaned away, and what is kept is not old', async () => {
    const blobs = await open();
    const { sha256, size } = await blobs.put(bytes('old one'));
    expect(await blobs.deleteOlder(sha256, 60_000)).toBeNull();
    await expect.poll(() => blobs.deleteOlder(sha256, 1)).toBe(size);
    expect(await blobs.stat(sha256)).toBeNull();
    expect(await blobs.deleteOlder(sha256, 0)).toBeNull();
    await expect(blobs.keep([sha256])).rejects.toMatchObject({ code: 'blobNotFound' });
    await blobs.put(bytes('old one'));
    const first = (await blobs.stat(sha256))?.storedAt ?? Number.NaN;
    await expect
      .poll(async () => {
        await blobs.keep([sha256, sha256]);
        return (await blobs.stat(sha256))?.storedAt;
      })
      .toBeGreaterThan(first);
  });

  test('list goes on behind any id', async () => {
    const blobs = await open();
    for (const text of ['a', 'b', 'c', 'd', 'e']) await blobs.put(bytes(text));
    const all = await listed(blobs);
    for (const [index, after] of all.entries()) {
      const rest: string[] = [];
      for await (const id of blobs.list(after)) rest.push(id);
      expect(rest).toEqual(all.slice(index + 1));
    }
  });

  test('localPath is a file with the content', async () => {
    const blobs = await open();
    const { sha256 } = await blobs.put(bytes('parquet'));
    expect(await readFile(await blobs.localPath(sha256), 'utf8')).toBe('parquet');
  });

  test('storing again makes a blob new', async () => {
    const blobs = await open();
    const { sha256 } = await blobs.put(bytes('wanted'));
    const first = (await blobs.stat(sha256))?.storedAt ?? Number.NaN;
    await expect
      .poll(async () => {
        await blobs.put(bytes('wanted'));
        return (await blobs.stat(sha256))?.storedAt;
      })
      .toBeGreaterThan(first);
  });
}
