import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openContent, readDefinition, readRecords, writeDownload } from './files.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const put = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};

describe('records', () => {
  it('come from an array, one object, or one object per line', async () => {
    expect(await readRecords(await put('array.json', '[{"a":1},{"a":2}]'))).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await readRecords(await put('one.json', '{\n  "a": 1\n}'))).toEqual([{ a: 1 }]);
    expect(await readRecords(await put('lines.ndjson', '{"a":1}\n\n{"a":2}\n'))).toEqual([
      { a: 1 },
      { a: 2 },
    ]);
  });

  it('are refused with the line that is wrong', async () => {
    const path = await put('broken.ndjson', '{"a":1}\n{"a":\n');
    await expect(readRecords(path)).rejects.toMatchObject({
      code: 'jsonInvalid',
      message: expect.stringContaining(`Line 2 of ${path}`),
    });
    await expect(readRecords(join(folder, 'none.json'))).rejects.toMatchObject({ code: 'fileNotFound' });
  });
});

describe('definitions', () => {
  it('are a JSON file or the default export of a TypeScript module', async () => {
    expect(await readDefinition(await put('d.json', '{"name":"x"}'))).toEqual({ name: 'x' });
    const module = 'type Name = string;\nconst name: Name = "x";\nexport default { name };\n';
    expect(await readDefinition(await put('d.mts', module))).toEqual({ name: 'x' });
  });

  it('say what is wrong with them', async () => {
    const cases: [string, string, string, RegExp][] = [
      ['no-default.mts', 'export const a = 1;', 'definitionInvalid', /no default export/],
      ['throws.mts', 'throw new Error("no key");', 'definitionInvalid', /no key/],
      ['syntax.mts', 'export default {', 'definitionInvalid', /syntax\.mts/],
      ['number.mts', 'export default 3;', 'definitionInvalid', /not an object/],
      ['list.json', '[]', 'definitionInvalid', /not an object/],
      ['broken.json', '{', 'jsonInvalid', /not JSON/],
    ];
    for (const [name, content, code, message] of cases) {
      const path = await put(name, content);
      await expect(readDefinition(path), name).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
    }
    await expect(readDefinition(join(folder, 'none.ts'))).rejects.toMatchObject({ code: 'fileNotFound' });
  });
});

describe('content', () => {
  it('is the bytes of the file; a large one tells its progress', async () => {
    const bytes = new Uint8Array(17_000_000).fill(7);
    const said: string[] = [];
    const content = await openContent(await put('large.bin', bytes), (text) => said.push(text));
    let size = 0;
    for await (const chunk of content as AsyncIterable<Uint8Array>) size += chunk.length;
    expect(size).toBe(bytes.length);
    expect(said).toHaveLength(11);
    expect(said.slice(-2)).toEqual(['sent 17.0 MB of 17.0 MB', 'all sent; the server is at work on it']);
  });

  it('is refused for a missing file and for a folder', async () => {
    const quiet = () => {};
    await expect(openContent(join(folder, 'none'), quiet)).rejects.toMatchObject({ code: 'fileNotFound' });
    await expect(openContent(folder, quiet)).rejects.toMatchObject({ code: 'fileUnreadable' });
  });
});

describe('a download', () => {
  const download = (content: AsyncIterable<Uint8Array>) => ({ content, mediaType: 'text/csv' });

  it('that breaks leaves no file behind, not even half of one', async () => {
    async function* breaking() {
      yield Buffer.from('a\n');
      throw new Error('connection lost');
    }
    const target = join(folder, 'out', 'x.csv');
    await rm(join(folder, 'half.csv'), { force: true });
    await expect(writeDownload(download(breaking()), join(folder, 'half.csv'))).rejects.toMatchObject({
      code: 'fileNotWritten',
      message: expect.stringContaining('connection lost'),
    });
    expect((await readdir(folder)).filter((name) => name.startsWith('half'))).toEqual([]);
    await expect(writeDownload(download(breaking()), target)).rejects.toMatchObject({
      code: 'fileNotWritten',
    });
  });

  it('replaces an older file whole', async () => {
    async function* whole() {
      yield Buffer.from('a\n');
      yield Buffer.from('1\n');
    }
    const path = await put('there.csv', 'older and longer');
    expect(await writeDownload(download(whole()), path)).toBe(4);
    expect(await readFile(path, 'utf8')).toBe('a\n1\n');
  });
});
