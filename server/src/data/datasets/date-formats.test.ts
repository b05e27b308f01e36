import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import { parseDateFormat } from './date-formats.ts';

describe('a date format', () => {
  it.each([
    ['%d.%m.%Y', { dateFormat: ['%d.%m.%Y'] }],
    ['%b %d, %Y', { dateFormat: ['%b %d, %Y'] }],
    ['%Y-%m-%d|%d.%m.%Y', { dateFormat: ['%Y-%m-%d', '%d.%m.%Y'] }],
    ['day=%d.%m.%Y', { dateFormats: { day: ['%d.%m.%Y'] } }],
    [
      'day=%Y-%m-%d|%b %d, %Y,first seen=%m/%d/%Y',
      { dateFormats: { day: ['%Y-%m-%d', '%b %d, %Y'], 'first seen': ['%m/%d/%Y'] } },
    ],
    ['%m/%d/%Y,day=%d.%m.%Y', { dateFormat: ['%m/%d/%Y'], dateFormats: { day: ['%d.%m.%Y'] } }],
  ])('%s is understood', (text, expected) => {
    expect(parseDateFormat(text)).toEqual(expected);
  });

  it.each([
    ['day=', 'holds an empty format'],
    ['day=%Y|', 'holds an empty format'],
    ['day=%Q', "holds '%Q'"],
    ['day=YYYY-MM-DD', "holds 'YYYY-MM-DD', which names no part of a date"],
    ['day=%Y,day=%m', 'stands beside another one of its column'],
    ['=%Y', 'names no column before the ='],
    ['', 'holds an empty format'],
  ])("'%s' is refused", (text, reason) => {
    expect(() => parseDateFormat(text)).toThrow(reason);
  });
});

describe('by HTTP', () => {
  let platform: TestPlatform;
  let base: string;
  beforeAll(async () => {
    platform = await createTestPlatform();
    await platform.http.listen({ host: '127.0.0.1', port: 0 });
    base = `http://127.0.0.1:${(platform.http.server.address() as AddressInfo).port}/api/v1/datasets`;
  });
  afterAll(() => platform.close());

  async function commit(name: string, body: string, query = '') {
    const reply = await fetch(`${base}/${name}/versions?format=csv${query}`, { method: 'POST', body });
    return { status: reply.status, ...((await reply.json()) as Record<string, unknown>) };
  }
  const mixed = 'day,n\n2022-12-30,1\n31.12.2022,2\n12/31/2022,3\n';

  test('dates in three formats are told with the commit, kept with the version, and told again', async () => {
    const made = await commit('mixed', mixed);
    const warnings = [{ column: 'day', message: expect.stringContaining('1 value as %d.%m.%Y (line 3:') }];
    expect(made).toMatchObject({ status: 201, warnings, provenance: { detail: { warnings } } });
    expect(await commit('mixed', mixed)).toMatchObject({ unchanged: true, warnings });
  });

  test('and are dates by the remedy that the warning names', async () => {
    const format = encodeURIComponent('day=%Y-%m-%d|%d.%m.%Y|%m/%d/%Y');
    const made = await commit('days', mixed, `&dateFormat=${format}`);
    expect(made).toMatchObject({ status: 201, columns: [{ name: 'day', type: 'date' }, {}] });
    expect(made).not.toHaveProperty('warnings');
    const more = await commit('days', 'day,n\n01.01.2023,4\n', `&mode=append&dateFormat=${format}`);
    expect(more).toMatchObject({ status: 201, rows: 4 });
  });

  test('what is appended in another format is refused with the remedy', async () => {
    await commit('iso', 'day\n2022-12-30\n');
    const refused = await commit('iso', 'day\n03/04/2022\n', '&mode=append');
    expect(refused).toMatchObject({
      status: 422,
      error: {
        code: 'fileUnreadable',
        message: expect.stringContaining('or say how dates are written: dateFormat day=%d.%m.%Y'),
      },
    });
  });

  test('a format that is none is refused before anything is read', async () => {
    expect(await commit('none', mixed, '&dateFormat=day%3DYYYY')).toMatchObject({
      status: 400,
      error: { code: 'dateFormatInvalid' },
    });
  });
});
