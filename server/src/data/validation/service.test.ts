import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Expectation } from '@tidemill/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAudit } from '../../access/audit/service.ts';
import { systemClock } from '../../base/clock.ts';
import { createLogger } from '../../base/logger.ts';
import { callerIn, createDataWing, type DataWing } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

let wing: DataWing;
let workspaces = 0;
const fresh = () => callerIn(`validated${workspaces++}`);
type Caller = ReturnType<typeof fresh>;

const expected: Expectation[] = [
  { kind: 'notNull', column: 'close' },
  { kind: 'unique', columns: ['symbol', 'day'] },
  { kind: 'between', column: 'close', max: 100, severity: 'warn' },
];
const header = 'symbol,day,close\n';
const commit = (rows: string, caller: Caller, more: object = {}) =>
  wing.datasets.commit(
    { name: 'prices', format: 'csv', content: Buffer.from(header + rows), ...more },
    caller,
  );
const put = (expectations: readonly unknown[], caller: Caller) =>
  wing.validation.putExpectations({ name: 'prices', expectations }, caller);
const results = async (caller: Caller) => (await wing.validation.list({ name: 'prices' }, caller)).items;

describeEachDatabase('validation', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  test('a commit that breaks an expectation is refused with its rows, and the result is kept', async () => {
    const caller = fresh();
    await put(expected, caller);
    expect(await commit('A,2024-01-01,1.5\n', caller)).toMatchObject({ validation: 'passed' });
    const refused = await commit('A,2024-01-02,\nA,2024-01-03,2\n', caller, { mode: 'append' }).catch(
      (e) => e,
    );
    expect(refused).toMatchObject({ code: 'datasetRefused', status: 422 });
    expect(refused.message).toContain('close is not missing (1 of 3 rows, first in row 2)');
    expect(refused.details.failed).toMatchObject([
      {
        index: 0,
        kind: 'notNull',
        rows: 3,
        unexpected: 1,
        sample: [{ row: 2, values: { symbol: 'A', day: '2024-01-02' } }],
      },
    ]);
    expect(await wing.datasets.get({ name: 'prices' }, caller)).toMatchObject({ latestVersion: 1, rows: 1 });
    const kept = await wing.validation.get({ name: 'prices', id: refused.details.validation }, caller);
    expect(kept).toMatchObject({ version: null, status: 'failed', cause: 'commit', passed: 2, failed: 1 });
    expect(kept.outcomes.map(({ passed }) => passed)).toEqual([false, true, true]);
    const audit = await createAudit({ db: wing.db, clock: systemClock, logger: createLogger('silent') }).list(
      { subject: 'dataset:prices' },
      caller,
    );
    expect(audit.items.map(({ action }) => action)).toContain('dataset.refused');
  });

  test('a warning lets the version in and marks it, by every way of committing', async () => {
    const caller = fresh();
    await put(expected, caller);
    const first = await commit('A,2024-01-01,150\n', caller);
    expect(first).toMatchObject({ version: 1, validation: 'warned' });
    const upsert = await commit('A,2024-01-01,15\nB,2024-01-01,3\n', caller, {
      mode: 'upsert',
      key: 'symbol,day',
    });
    expect(upsert).toMatchObject({ version: 2, validation: 'passed', rows: 2 });
    await expect(
      commit('B,2024-01-01,\n', caller, { mode: 'upsert', key: 'symbol,day' }),
    ).rejects.toMatchObject({ code: 'datasetRefused' });
    const listed = await wing.datasets.listVersions({ name: 'prices' }, caller);
    expect(listed.items.map(({ validation }) => validation)).toEqual(['passed', 'warned']);
    expect((await results(caller)).map(({ version, status }) => [version, status])).toEqual([
      [null, 'failed'],
      [2, 'passed'],
      [1, 'warned'],
    ]);
    const ofFirst = await wing.validation.list({ name: 'prices', version: '1' }, caller);
    expect(ofFirst.items).toMatchObject([{ version: 1, warned: 1, passed: 2 }]);
  });

  test('without expectations nothing is judged; the same content is not judged again', async () => {
    const caller = fresh();
    expect(await commit('A,2024-01-01,\nB,2024-01-01,1\n', caller)).toMatchObject({ validation: 'none' });
    await put(expected, caller);
    expect(await commit('A,2024-01-01,\nB,2024-01-01,1\n', caller)).toMatchObject({
      version: 1,
      unchanged: true,
    });
    expect(await results(caller)).toEqual([]);
    expect(await put([], caller)).toMatchObject({ revision: 2, unchanged: false });
    expect(await commit('A,2024-01-02,\nB,2024-01-01,1\n', caller)).toMatchObject({
      version: 2,
      validation: 'none',
    });
  });

  test('an old version is judged on request, and the newest such result stands', async () => {
    const caller = fresh();
    await commit('A,2024-01-01,\nB,2024-01-01,1\n', caller);
    await put(expected, caller);
    const found = await wing.validation.validate({ name: 'prices', version: '1' }, caller);
    expect(found).toMatchObject({ version: 1, status: 'failed', cause: 'request', rows: 2 });
    await put(expected.slice(1), caller);
    await wing.validation.validate({ name: 'prices', version: 'latest' }, caller);
    expect(await results(caller)).toMatchObject([{ version: 1, status: 'passed', revision: 2 }]);
    expect(await wing.datasets.getVersion({ name: 'prices', version: '1' }, caller)).toMatchObject({
      validation: 'passed',
    });
  });

  test('the list has revisions, is audited, and goes with the dataset', async () => {
    const caller = fresh();
    expect(await put(expected, caller)).toMatchObject({ revision: 1, unchanged: false });
    expect(await put(structuredClone(expected), caller)).toMatchObject({ revision: 1, unchanged: true });
    expect(await put(expected.slice(0, 1), caller)).toMatchObject({
      revision: 2,
      titles: ['close is not missing'],
    });
    const first = await wing.validation.getExpectations({ name: 'prices', revision: 1 }, caller);
    expect(first.expectations).toEqual(expected);
    await commit('A,2024-01-01,1\n', caller);
    await wing.datasets.delete({ name: 'prices' }, caller);
    await commit('A,2024-01-01,\n', caller);
    expect(await wing.validation.getExpectations({ name: 'prices' }, caller)).toMatchObject({
      revision: 0,
      expectations: [],
    });
    expect(await results(caller)).toEqual([]);
  });

  test('a column is held against the version before', async () => {
    const caller = fresh();
    const days = (from: number, close: (i: number) => number) =>
      Array.from({ length: 200 }, (_, i) => `S${i},2024-01-0${from},${close(i)}`).join('\n');
    await put(
      (['psi', 'ks', 'js', 'chiSquare'] as const).map((method) => ({
        kind: 'distribution',
        column: 'close',
        version: 'previous',
        method,
      })),
      caller,
    );
    expect(
      await commit(
        days(1, (i) => i % 50),
        caller,
      ),
    ).toMatchObject({ validation: 'passed' });
    expect(
      await commit(
        days(2, (i) => (i + 7) % 50),
        caller,
      ),
    ).toMatchObject({ validation: 'passed' });
    const refused = await commit(
      days(3, (i) => 30 + (i % 50)),
      caller,
    ).catch((e) => e);
    expect(refused.details.failed).toHaveLength(4);
    expect(refused.details.failed[0].reason).toMatch(
      /^psi against 200 rows of previous; 0\.\d+ is the threshold$/,
    );
  });
});

describe('by HTTP', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await createTestPlatform();
  });
  afterAll(() => platform.close());

  const call = async (method: 'GET' | 'PUT' | 'POST', url: string, payload?: object | Buffer) => {
    const headers = payload instanceof Buffer ? { 'content-type': 'application/octet-stream' } : {};
    const reply = await platform.http.inject({
      method,
      url: `/api/v1/datasets/${url}`,
      headers: { host: 'localhost', ...headers },
      ...(payload && { payload }),
    });
    return { status: reply.statusCode, body: reply.json() };
  };

  test.each([
    [[{ kind: 'nul', column: 'a' }], /\(nul\).*there is no such kind/],
    [
      [
        { kind: 'notNull', column: 'a' },
        { kind: 'between', column: 'a' },
      ],
      /expectations\[1\].*needs 'min' or 'max'/,
    ],
    [[{ kind: 'between', column: 'a', min: 3, max: 1 }], /'min' \(3\) is above 'max' \(1\)/],
    [[{ kind: 'unique' }], /needs either 'column' or 'columns'/],
    [[{ kind: 'notNull', column: 'A' }], /there is no column 'A'. The columns are a, b/],
    [
      [{ kind: 'between', column: 'a', min: 'x' }],
      /'min' is not a number \("x"\), but column 'a' is integer/,
    ],
    [
      [{ kind: 'inSet', column: 'b', values: ['x', 1] }],
      /values\[1\] is not a text \(1\), but column 'b' is text/,
    ],
    [[{ kind: 'matchesRegex', column: 'b', pattern: '(' }], /no regular expression/],
    [[{ kind: 'notNull', column: 'a', where: '1 = 1) or (1 = 1' }], /no SQL condition/],
    [[{ kind: 'notNull', column: 'a', where: 'a > 1;' }], /no SQL condition/],
    [[{ kind: 'notNull', column: 'a', where: 'a > 1, b' }], /no SQL condition/],
    [[{ kind: 'notNull', column: 'a', where: 'c > 1' }], /its where cannot be used: .*"c" not found/],
    [[{ kind: 'sql', sql: "copy (select 1) to '/tmp/x'" }], /its sql is no select/],
    [[{ kind: 'sql', sql: 'select 1; select 2' }], /its sql is no select/],
    [[{ kind: 'sql', sql: 'select * from nowhere' }], /its sql cannot be used/],
    [[{ kind: 'notNull', column: 'a', mostly: 1.5 }], /mostly must be <= 1/],
    [[{ kind: 'notNull', column: 'a', regex: 'x' }], /does not take 'regex'/],
    [['notNull'], /it is not an object|expectations/],
  ])('%j is refused in words', async (expectations, message) => {
    await call('PUT', 'small?format=csv', Buffer.from('a,b\n1,x\n'));
    const { status, body } = await call('PUT', 'small/expectations', { expectations });
    expect([400, 422]).toContain(status);
    expect(body.error.message).toMatch(message);
  });

  test('a file is judged without being committed', async () => {
    await call('PUT', 'small?format=csv', Buffer.from('a,b\n1,x\n'));
    await call('PUT', 'small/expectations', { expectations: [{ kind: 'between', column: 'a', max: 5 }] });
    const { status, body } = await call('POST', 'small/validate-file?format=csv', Buffer.from('a,b\n7,x\n'));
    expect([status, body.status, body.cause, body.outcomes[0].sample]).toEqual([
      200,
      'failed',
      'file',
      [{ row: 1, values: { a: 7, b: 'x' } }],
    ]);
    expect((await call('GET', 'small/validations')).body.items).toEqual([]);
    expect((await call('GET', 'small/versions')).body.items).toHaveLength(1);
    expect((await call('GET', 'small/validations/none')).body.error.code).toBe('validationNotFound');
  });

  test('films that are dirty on purpose are found to be', async () => {
    const file = fileURLToPath(
      new URL('../../../../node_modules/vega-datasets/data/movies.json', import.meta.url),
    );
    const content = await readFile(file);
    const films = JSON.parse(content.toString()) as Record<string, unknown>[];
    await call('PUT', 'movies?format=json', content);
    const ratings = ['G', 'PG', 'PG-13', 'R', 'NC-17'];
    const rules: [Expectation, (film: Record<string, unknown>) => boolean][] = [
      [{ kind: 'notNull', column: 'Title' }, (film) => film.Title === null],
      [
        { kind: 'inSet', column: 'MPAA Rating', values: ratings },
        (film) => film['MPAA Rating'] !== null && !ratings.includes(String(film['MPAA Rating'])),
      ],
      [{ kind: 'between', column: 'US Gross', min: 1 }, (film) => film['US Gross'] === 0],
      [
        { kind: 'pair', column: 'Worldwide Gross', operator: '>=', other: 'US Gross' },
        (film) => Number(film['Worldwide Gross']) < Number(film['US Gross']),
      ],
      [
        { kind: 'between', column: 'Running Time min', min: 60, max: 200, mostly: 0.9 },
        (film) =>
          film['Running Time min'] !== null &&
          !(Number(film['Running Time min']) >= 60 && Number(film['Running Time min']) <= 200),
      ],
      [
        { kind: 'notMatchesRegex', column: 'Title', pattern: '^\\d+$' },
        (film) => /^\d+$/.test(String(film.Title)),
      ],
      [{ kind: 'dateParseable', column: 'Release Date', format: '%b %d %Y' }, () => false],
      [
        { kind: 'notNull', column: 'Director', mostly: 0.5, where: '"IMDB Votes" > 1000' },
        (film) => Number(film['IMDB Votes']) > 1000 && film.Director === null,
      ],
    ];
    await call('PUT', 'movies/expectations', { expectations: rules.map(([expectation]) => expectation) });
    const { body } = await call('POST', 'movies/versions/latest/validations');
    expect(body.outcomes.map(({ unexpected }: { unexpected: number }) => unexpected)).toEqual(
      rules.map(([, isWrong]) => films.filter(isWrong).length),
    );
    expect(body.status).toBe('failed');
    expect(body.outcomes.map(({ passed }: { passed: boolean }) => passed)).toEqual([
      false,
      false,
      false,
      true,
      true,
      false,
      true,
      true,
    ]);
  });

  test('a project file says what is expected, and plan shows the change', async () => {
    const { projects, validation } = platform.services;
    const file = (expectations: Expectation[]) => ({ name: 'p', datasets: { declared: { expectations } } });
    const outline = (plan: { changes: { action: string; changes: string[] }[] }) =>
      plan.changes.map(({ action, changes }) => [action, ...changes]);
    const first = file([{ kind: 'notNull', column: 'a' }]);
    expect(outline(await projects.apply(first, platform.caller))).toMatchObject([['create', 'expectations']]);
    expect(outline(await projects.plan(first, platform.caller))).toEqual([['unchanged']]);
    await call('PUT', 'declared?format=csv', Buffer.from('a\n1\n'));
    const next = file([{ kind: 'between', column: 'a', min: 1 }]);
    expect(outline(await projects.plan(next, platform.caller))).toEqual([['update', 'expectations']]);
    await projects.apply(next, platform.caller);
    expect(await validation.findExpectations('declared', 'default')).toEqual(
      next.datasets.declared.expectations,
    );
    const wrong = projects.plan(file([{ kind: 'notNull', column: 'b' }]), platform.caller);
    await expect(wrong).rejects.toMatchObject({
      code: 'projectInvalid',
      details: { path: 'datasets.declared.expectations' },
      message: expect.stringContaining("there is no column 'b'"),
    });
    await expect(call('PUT', 'declared?format=csv', Buffer.from('a\n0\n'))).resolves.toMatchObject({
      status: 422,
    });
  });

  test('what is suggested of a version holds for it, and is accepted', async () => {
    const suggested = (await call('GET', 'movies/versions/latest/suggested-expectations')).body;
    expect(suggested.titles).toContain(
      'MPAA Rating is one of G, NC-17, Not Rated, Open, PG, PG-13 and 1 more',
    );
    expect(suggested.titles).toContain('Release Date is not missing');
    expect(suggested.titles).not.toContain('Director is not missing');
    expect((await call('PUT', 'movies/expectations', { expectations: suggested.expectations })).status).toBe(
      200,
    );
    const { body } = await call('POST', 'movies/versions/latest/validations');
    expect(body.outcomes.filter(({ passed }: { passed: boolean }) => !passed)).toEqual([]);
    expect((await call('GET', 'movies/versions/latest')).body.validation).toBe('passed');
  });
});
