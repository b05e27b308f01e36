import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openFileSite } from '../../testing/file-site.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { openSourceReader } from './reader.ts';
import { ContentChanged, resumed } from './resumed.ts';
import type { FetchRequest, SourceLimits } from './sources.ts';

const limits = { resumeDelayMs: 1, resumes: 20, restarts: 3 };

async function fetchFrom(
  from: FetchRequest['from'],
  own: Partial<SourceLimits> = {},
  request: Partial<FetchRequest> = {},
) {
  const temp = await createTempDir();
  onTestFinished(() => temp.remove());
  const folder = join(temp.path, 'in');
  await mkdir(folder);
  const options = { roots: [], allowPrivate: true, maxBytes: 1 << 26, limits: { ...limits, ...own } };
  const fetched = await openSourceReader(options).fetch({
    ...{ from, secrets: {}, format: 'csv', folder, validator: null },
    ...{ sample: false, cursor: null, signal: new AbortController().signal },
    ...request,
  });
  if (fetched.unchanged) throw new Error('it is unchanged');
  return { ...fetched, content: await readFile(fetched.files[0]?.path ?? '') };
}
const fetchHttp = (url: string, own?: Partial<SourceLimits>, request?: Partial<FetchRequest>) =>
  fetchFrom({ kind: 'http', url }, own, request);

interface Flaky {
  content: Buffer;
  etag: string | null;
  readonly headers?: Record<string, string>;
  /** Bytes that a connection carries before it breaks. */
  readonly carries: (connection: number) => number;
  readonly onBreak?: (connection: number) => void;
}

/** As a web server answers, Range and If-Range and all, but each connection breaks after some bytes. */
function flaky(site: Flaky) {
  let connections = 0;
  const tagOf = () => site.etag ?? `"${createHash('sha1').update(site.content).digest('hex')}"`;
  return (request: IncomingMessage, response: ServerResponse) => {
    connections += 1;
    const connection = connections;
    const { content } = site;
    const etag = tagOf();
    const condition = request.headers['if-range'] ?? request.headers['if-match'];
    if (request.headers['if-match'] !== undefined && request.headers['if-match'] !== etag)
      return response.writeHead(412).end();
    const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const isRange = start !== undefined && (condition === undefined || condition === etag);
    const from = isRange ? Number(start) : 0;
    const common = { etag, 'content-type': 'text/csv', ...site.headers };
    if (isRange && from >= content.length)
      return response.writeHead(416, { ...common, 'content-range': `bytes */${content.length}` }).end();
    const rest = content.subarray(from);
    response.writeHead(isRange ? 206 : 200, {
      ...common,
      'content-length': rest.length,
      ...(isRange && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
    });
    const carried = site.carries(connection);
    if (carried >= rest.length) return response.end(rest);
    const cut = () => {
      site.onBreak?.(connection);
      response.destroy();
    };
    // What was written is on its way before the connection breaks.
    return response.write(rest.subarray(0, carried), cut);
  };
}

const content = Buffer.from(`a,b\n${randomBytes(400_000).toString('hex').replace(/.{40}/g, '$&,1\n')}`);

describe('a connection that breaks', () => {
  test('is gone on with where it broke, as often as it does', async () => {
    const page = flaky({ content, etag: null, carries: (n) => (n < 5 ? 150_000 : content.length) });
    const site = await openFileSite({ '/a.csv': page });
    const { content: found, bytes } = await fetchHttp(`${site.url}/a.csv`);
    expect(found.equals(content)).toBe(true);
    expect(bytes).toBe(content.length);
    expect(site.requests).toHaveLength(5);
    const [first, second] = site.requests;
    expect(first?.headers.range).toBeUndefined();
    expect(second?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(second?.headers['if-range']).toMatch(/^"[0-9a-f]{40}"$/);
  });

  test('within compressed content too', async () => {
    const packed = gzipSync(content, { level: 1 });
    const headers = { 'content-encoding': 'gzip' };
    const page = flaky({ content: packed, etag: null, headers, carries: (n) => (n < 3 ? 70_000 : 1 << 30) });
    const site = await openFileSite({ '/a.csv': page });
    expect((await fetchHttp(`${site.url}/a.csv`)).content.equals(content)).toBe(true);
    expect(site.requests).toHaveLength(3);
  });

  test('begins anew where the content changed meanwhile, and is no mixture', async () => {
    const later = Buffer.from(content.toString('latin1').replaceAll('1\n', '2\n'));
    const state: Flaky = {
      ...{ content, etag: null, carries: (n) => (n === 1 ? 150_000 : 1 << 30) },
      onBreak: () => {
        state.content = later;
      },
    };
    const site = await openFileSite({ '/a.csv': flaky(state) });
    const { content: found, validator } = await fetchHttp(`${site.url}/a.csv`);
    expect(found.equals(later)).toBe(true);
    expect(validator).toContain(createHash('sha1').update(later).digest('hex'));
    // The rest, which is refused, and then all of it.
    expect(site.requests).toHaveLength(3);
  });

  test('ends where the content changes again and again', async () => {
    const state: Flaky = {
      ...{ content, etag: null, carries: () => 150_000 },
      onBreak: (n) => {
        state.content = Buffer.concat([content, Buffer.from(String(n))]);
      },
    };
    const site = await openFileSite({ '/a.csv': flaky(state) });
    await expect(fetchHttp(`${site.url}/a.csv`)).rejects.toMatchObject({
      code: 'sourceUnreachable',
      message: expect.stringContaining('it changed again and again while it was read'),
    });
    expect(site.requests).toHaveLength(8);
  });

  test('ends after so many', async () => {
    const site = await openFileSite({ '/a.csv': flaky({ content, etag: null, carries: () => 1000 }) });
    await expect(fetchHttp(`${site.url}/a.csv`, { resumes: 6 })).rejects.toMatchObject({
      code: 'sourceUnreachable',
    });
    expect(site.requests).toHaveLength(7);
  });

  test.each([
    ['a weak ETag', { etag: 'W/"1"' }],
    ['a server that knows no ranges', { etag: '"1"', headers: { 'accept-ranges': 'none' } }],
  ])('is not gone on with by %s', async (_, own) => {
    const site = await openFileSite({ '/a.csv': flaky({ content, carries: () => 1000, ...own }) });
    await expect(fetchHttp(`${site.url}/a.csv`)).rejects.toMatchObject({ code: 'sourceUnreachable' });
    expect(site.requests).toHaveLength(1);
  });

  test('waits through a server that is busy, and ends with one that says no', async () => {
    const page = flaky({ content, etag: '"1"', carries: (n) => (n === 1 ? 1000 : 1 << 30) });
    const busy = (status: number, times: number) => {
      let n = 0;
      return (request: IncomingMessage, response: ServerResponse) => {
        n += 1;
        if (n > 1 && n <= 1 + times) response.writeHead(status).end();
        else page(request, response);
      };
    };
    const site = await openFileSite({ '/a.csv': busy(503, 2), '/b.csv': busy(403, 9) });
    expect((await fetchHttp(`${site.url}/a.csv`)).content.equals(content)).toBe(true);
    site.pages['/b.csv'] = busy(403, 9);
    const other = flaky({ content, etag: '"1"', carries: () => 1000 });
    let asked = 0;
    site.pages['/b.csv'] = (request, response) => {
      asked += 1;
      if (asked === 1) other(request, response);
      else response.writeHead(403).end();
    };
    await expect(fetchHttp(`${site.url}/b.csv`)).rejects.toMatchObject({ code: 'sourceRejected' });
    expect(asked).toBe(2);
  });

  test('sends its range, but no secret, to where a redirect leads', async () => {
    const page = flaky({ content, etag: '"1"', carries: (n) => (n === 1 ? 1000 : 1 << 30) });
    const other = await openFileSite({ '/a.csv': page });
    const site = await openFileSite({
      '/a.csv': (_, response) => response.writeHead(302, { location: `${other.url}/a.csv` }).end(),
    });
    const secrets = { bearer: 'swordfish' };
    expect((await fetchHttp(`${site.url}/a.csv`, {}, { secrets })).content.equals(content)).toBe(true);
    expect(other.requests.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=1000-']);
    expect(JSON.stringify(other.requests.map(({ rawHeaders }) => rawHeaders))).not.toContain('swordfish');
  });

  test('is let go at once when the pull is cancelled', async () => {
    const site = await openFileSite({ '/a.csv': flaky({ content, etag: '"1"', carries: () => 1000 }) });
    const signal = AbortSignal.timeout(200);
    await expect(fetchHttp(`${site.url}/a.csv`, { resumeDelayMs: 60_000 }, { signal })).rejects.toThrow();
    expect(site.requests).toHaveLength(1);
  });
});

describe('an object of an S3 store', () => {
  const fetchS3 = (endpoint: string, own?: Partial<SourceLimits>) =>
    fetchFrom({ kind: 's3', url: 's3://bucket/a.csv', endpoint, region: 'us-east-1' }, own);
  /** HEAD as a store answers it; GET by a page that breaks. */
  const store = (state: Flaky) => {
    const page = flaky(state);
    return (request: IncomingMessage, response: ServerResponse) => {
      if (request.method !== 'HEAD') return page(request, response);
      const etag = state.etag ?? `"${createHash('sha1').update(state.content).digest('hex')}"`;
      return response.writeHead(200, { etag, 'content-length': state.content.length }).end();
    };
  };

  test('is gone on with where the connection broke', async () => {
    const page = store({ content, etag: null, carries: (n) => (n < 4 ? 200_000 : 1 << 30) });
    const site = await openFileSite({ '/bucket/a.csv': page });
    expect((await fetchS3(site.url)).content.equals(content)).toBe(true);
    const ranges = site.requests.map(({ headers }) => headers.range);
    expect(ranges.filter((range) => range !== undefined)).toHaveLength(3);
    // No secret was given, and none of the machine's is looked for.
    expect(site.requests.map(({ headers }) => headers.authorization).filter(Boolean)).toEqual([]);
  });

  test('begins anew where it was replaced meanwhile', async () => {
    const later = Buffer.concat([content, Buffer.from('x,1\n')]);
    const state: Flaky = {
      ...{ content, etag: null, carries: (n) => (n === 1 ? 200_000 : 1 << 30) },
      onBreak: () => {
        state.content = later;
      },
    };
    const site = await openFileSite({ '/bucket/a.csv': store(state) });
    expect((await fetchS3(site.url)).content.equals(later)).toBe(true);
  });
});

test('whatever the breaks, the bytes are those of the content, each once and in order', async () => {
  const signal = new AbortController().signal;
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.nat({ max: 60 }), { maxLength: 12 }),
      fc.boolean(),
      async (whole, breaks, changes) => {
        let opened = 0;
        async function* from(start: number): AsyncGenerator<Uint8Array> {
          const carried = breaks[opened];
          opened += 1;
          const end = carried === undefined ? whole.length : Math.min(whole.length, start + carried);
          for (let at = start; at < end; at += 7) yield whole.subarray(at, Math.min(end, at + 7));
          if (carried !== undefined) throw new Error('it broke');
        }
        const again = async (start: number) => {
          if (changes && opened === 5) throw new ContentChanged();
          return from(start);
        };
        const found: number[] = [];
        const read = async () => {
          const options = { resumes: 12, resumeDelayMs: 0, isFinal: () => false, signal, again };
          for await (const part of resumed(from(0), options)) found.push(...part);
        };
        if (changes && breaks.length >= 5) await expect(read()).rejects.toBeInstanceOf(ContentChanged);
        else {
          await read();
          expect(found).toEqual([...whole]);
        }
      },
    ),
  );
});
