import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { openFileSite } from '../../testing/file-site.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import type { Resolve } from '../network/network.ts';
import { openSourceReader } from './reader.ts';
import type { FetchRequest, SourceReaderOptions } from './sources.ts';

const open = { roots: [], allowPrivate: true, maxBytes: 1 << 20 };
const closed = { ...open, allowPrivate: false };

async function fetchFrom(
  url: string,
  options: SourceReaderOptions = open,
  request: Partial<FetchRequest> = {},
) {
  const temp = await createTempDir();
  onTestFinished(() => temp.remove());
  const folder = join(temp.path, 'in');
  await mkdir(folder);
  const fetched = await openSourceReader(options).fetch({
    ...{ from: { kind: 'http', url }, secrets: {}, format: null, folder, validator: null },
    ...{ sample: false, cursor: null, signal: new AbortController().signal },
    ...request,
  });
  if (fetched.unchanged) return { ...fetched, text: '' };
  return { ...fetched, text: await readFile(fetched.files[0]?.path ?? '', 'utf8') };
}

const csv = { 'content-type': 'text/csv' };
const redirect = (to: string) => (_: unknown, response: ServerResponse) =>
  response.writeHead(302, { location: to }).end();

test.each([
  'http://127.0.0.1:1/a.csv',
  'http://[::1]/a.csv',
  'http://10.1.2.3/a.csv',
  'http://localhost/a.csv',
])('a private address is refused unless allowed: %s', async (url) => {
  await expect(fetchFrom(url, closed)).rejects.toMatchObject({
    code: 'sourceRefused',
    message: expect.stringContaining('--allow-private-sources'),
  });
});

test.each(['file:///etc/passwd', 'ftp://example.org/a.csv', 'http://u:p@example.org/a.csv'])(
  'only web addresses without a password are read: %s',
  async (url) => {
    await expect(fetchFrom(url)).rejects.toMatchObject({ code: 'sourceRefused' });
  },
);

test('cloud metadata is refused even where private addresses are allowed', async () => {
  await expect(fetchFrom('http://169.254.169.254/latest/a.csv')).rejects.toMatchObject({
    code: 'sourceRefused',
  });
});

test('a redirect is judged like the first address, and its secrets stay behind', async () => {
  const other = await openFileSite({ '/data.csv': 'a\n1\n' });
  const site = await openFileSite({
    '/meta.csv': redirect('http://169.254.169.254/latest/meta-data'),
    '/file.csv': redirect('file:///etc/passwd'),
    '/loop.csv': redirect('/loop.csv'),
    '/away.csv': redirect(`${other.url}/data.csv`),
  });
  const secrets = { bearer: 'swordfish', 'header:X-Key': 'trout' };
  await expect(fetchFrom(`${site.url}/meta.csv`)).rejects.toMatchObject({ code: 'sourceRefused' });
  await expect(fetchFrom(`${site.url}/file.csv`)).rejects.toMatchObject({ code: 'sourceRefused' });
  await expect(fetchFrom(`${site.url}/loop.csv`)).rejects.toThrow('redirects more than 5 times');
  expect((await fetchFrom(`${site.url}/away.csv`, open, { secrets })).text).toBe('a\n1\n');
  expect(site.requests.at(-1)?.headers).toMatchObject({
    authorization: 'Bearer swordfish',
    'x-key': 'trout',
  });
  expect(JSON.stringify(other.requests[0]?.rawHeaders)).not.toMatch(/swordfish|trout/);
});

test('a name that means another machine the next time it is asked leads nowhere else', async () => {
  const site = await openFileSite({ '/a.csv': 'a\n1\n' });
  let asked = 0;
  const rebinding: Resolve = async () => {
    asked += 1;
    return [{ address: asked === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }];
  };
  const url = `http://rebinding.test:${site.port}/a.csv`;
  expect((await fetchFrom(url, { ...open, resolve: rebinding })).text).toBe('a\n1\n');
  expect(asked).toBe(1);
  await expect(fetchFrom(url, { ...open, resolve: rebinding })).rejects.toMatchObject({
    code: 'sourceRefused',
  });
});

test('what is huge, endless, silent or swells when unpacked ends with a bound and a word', async () => {
  const endless = (response: ServerResponse, part: Buffer) => {
    const send = () => {
      while (response.write(part));
      response.once('drain', send);
    };
    send();
  };
  const site = await openFileSite({
    '/huge.csv': (_, response) => response.writeHead(200, csv).end(randomBytes(2 << 20)),
    '/endless.csv': (_, response) => endless(response.writeHead(200, csv), Buffer.alloc(65_536, 'a,')),
    '/mute.csv': () => undefined,
    '/stuck.csv': (_, response) => response.writeHead(200, csv).write('a\n1\n'),
    '/bomb.csv': (_, response) =>
      response.writeHead(200, { ...csv, 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(64 << 20))),
    '/torn.csv': (_, response) => {
      response.writeHead(200, { ...csv, 'content-length': '100' }).write('a\n1\n');
      setImmediate(() => response.destroy());
    },
    '/damaged.csv': (_, response) =>
      response.writeHead(200, { ...csv, 'content-encoding': 'gzip' }).end('no gzip'),
  });
  const quick = { ...open, limits: { silenceMs: 100 } };
  for (const path of ['huge', 'endless', 'bomb'])
    await expect(fetchFrom(`${site.url}/${path}.csv`)).rejects.toMatchObject({ code: 'sourceTooLarge' });
  for (const path of ['mute', 'stuck'])
    await expect(fetchFrom(`${site.url}/${path}.csv`, quick)).rejects.toThrow('it was silent for 0.1 s');
  await expect(
    fetchFrom(`${site.url}/endless.csv`, { ...open, maxBytes: 2 ** 40, limits: { totalMs: 200 } }),
  ).rejects.toThrow('it took longer than 0.2 s');
  for (const path of ['torn', 'damaged'])
    await expect(fetchFrom(`${site.url}/${path}.csv`)).rejects.toMatchObject({ code: 'sourceUnreachable' });
});

test('a sample reads the beginning of text, to the end of a record', async () => {
  const rows = Array.from({ length: 100_000 }, (_, i) => `${i},"a ""quoted""\nline"`).join('\n');
  const site = await openFileSite({ '/long.csv': `id,text\n${rows}\n`, '/s.csv': 'a\n1\n' });
  const sample = { ...open, maxBytes: 1 << 28, limits: { sampleBytes: 10_000 } };
  const cut = await fetchFrom(`${site.url}/long.csv`, sample, { sample: true });
  expect(cut).toMatchObject({ isWhole: false });
  expect(cut.text).toMatch(/\d,"a ""quoted""\nline"\n$/);
  expect(cut.text.length).toBeLessThan(1 << 20);
  expect(await fetchFrom(`${site.url}/s.csv`, sample, { sample: true })).toMatchObject({ isWhole: true });
  site.pages['/packed.csv'] = (_, response) =>
    response.writeHead(200, csv).end(gzipSync(randomBytes(50_000)));
  const packed = await fetchFrom(`${site.url}/packed.csv`, sample, { sample: true });
  expect(packed).toMatchObject({ isWhole: true });
});

test('an unchanged page is not sent again, whether it has a tag or a date', async () => {
  const site = await openFileSite({
    '/tag.csv': 'a\n1\n',
    '/date.csv': (request, response) => {
      const at = 'Mon, 01 Jan 2024 00:00:00 GMT';
      if (request.headers['if-modified-since'] === at) response.writeHead(304).end();
      else response.writeHead(200, { ...csv, 'last-modified': at }).end('a\n1\n');
    },
    '/gz.csv': (_, response) =>
      response.writeHead(200, { ...csv, 'content-encoding': 'gzip' }).end(gzipSync('a\n2\n')),
  });
  for (const page of ['tag', 'date']) {
    const first = await fetchFrom(`${site.url}/${page}.csv`);
    if (first.unchanged) throw new Error('nothing was sent');
    const again = await fetchFrom(`${site.url}/${page}.csv`, open, { validator: first.validator });
    expect(again).toMatchObject({ unchanged: true });
  }
  expect(await fetchFrom(`${site.url}/gz.csv`)).toMatchObject({ text: 'a\n2\n', validator: null });
});
