import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

let platform: TestPlatform;
let base: string;
beforeAll(async () => {
  platform = await createTestPlatform();
  await platform.http.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(platform.http.server.address() as AddressInfo).port}/api/v1/datasets`;
});
afterAll(() => platform.close());

async function commit(name: string, body: string, query = 'format=tsv') {
  const reply = await fetch(`${base}/${name}/versions?${query}`, { method: 'POST', body });
  return { status: reply.status, ...((await reply.json()) as Record<string, unknown>) };
}
const read = async (path: string, headers: Record<string, string> = {}) => {
  const reply = await fetch(`${base}/${path}`, { headers });
  return { type: reply.headers.get('content-type'), text: await reply.text() };
};
const type = 'text/tab-separated-values; charset=utf-8';

test('comes in, goes out and comes in again as the same version', async () => {
  const tsv = 'place, more\tn\tx\n"a\tb"\t007\t1.5\nc;d,e\t008\tNaN\n';
  const made = await commit('t', tsv.replace('NaN', ''));
  expect(made).toMatchObject({
    status: 201,
    columns: [
      { name: 'place, more', type: 'text' },
      { name: 'n', type: 'text' },
      { name: 'x', type: 'double' },
    ],
  });
  const out = await read('t/versions/1/data?format=tsv');
  expect(out).toEqual({ type, text: tsv.replace('NaN', '') });
  expect(await read('t/versions/1/data.tsv')).toEqual(out);
  expect(await read('t/versions/1/data', { accept: 'text/tab-separated-values' })).toEqual(out);
  expect(await commit('t', out.text)).toMatchObject({ unchanged: true });
  const put = await fetch(`${base}/t`, { method: 'PUT', body: out.text, headers: { 'content-type': type } });
  expect(await put.json()).toMatchObject({ reference: 't@1', unchanged: true });
});

test('what is appended keeps the types that are there', async () => {
  await commit('codes', 'id\tcode\n1\t007\n');
  expect(await commit('codes', 'id\tcode\n2\t8\n', 'format=tsv&mode=append')).toMatchObject({
    rows: 2,
    columns: [{ type: 'integer' }, { name: 'code', type: 'text' }],
  });
  expect((await read('codes/versions/latest/data?format=tsv')).text).toBe('id\tcode\n1\t007\n2\t8\n');
  expect((await read('codes/diff/data?from=1&to=2&format=tsv')).text.split('\n')[0]).toContain('\t');
});

test('a file without tabs is refused where another delimiter is meant, and one column is one', async () => {
  expect(await commit('c', 'a,b\n1,2\n')).toMatchObject({
    status: 422,
    error: {
      message:
        "c.tsv, line 1: no tab divides the header, but ',' would. Name the format csv, which finds its delimiter.",
    },
  });
  expect(await commit('one', 'a\n1,5\n')).toMatchObject({ columns: [{ name: 'a', type: 'text' }] });
  expect(await commit('found', 'a\tb\n1\t2\n', 'format=csv')).toMatchObject({ columns: [{}, {}] });
  const broken = await commit('broken', 'a\tb\n1\t2\t3\n');
  expect(broken).toMatchObject({ error: { message: expect.stringContaining('line 2') } });
});
