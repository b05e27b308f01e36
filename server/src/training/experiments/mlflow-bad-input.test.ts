/** What a client, a mistake or an attacker may send to MLflow's tracking API, by real requests. */
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestMlflowDoor, type TestMlflowDoor } from '../../testing/mlflow-door.ts';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const invalid = 'INVALID_PARAMETER_VALUE';
const long = (length: number) => 'x'.repeat(length);
const json = { 'content-type': 'application/json' };
/** No answer may show how we are made. */
const insides = /select |insert into|sqlite|postgres|constraint|\.ts\b|node:|\n\s+at /i;

describeEachDatabase("bad input to MLflow's tracking API", (open) => {
  let door: TestMlflowDoor;
  let port: number;

  beforeAll(async () => {
    door = await createTestMlflowDoor(await open());
    await door.http.listen({ host: '127.0.0.1', port: 0 });
    port = (door.http.server.address() as AddressInfo).port;
  });
  afterAll(() => door.close());

  /** Without `fetch`, which sends no Host and no length but its own. */
  function send(
    method: string,
    path: string,
    body: string | undefined,
    headers: Record<string, string | number>,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (reply) => {
        const parts: Buffer[] = [];
        reply.on('data', (part) => parts.push(part));
        reply.on('end', () => {
          const text = Buffer.concat(parts).toString();
          resolve({
            status: reply.statusCode ?? 0,
            body: text.startsWith('{') ? JSON.parse(text) : { text },
          });
          asked.destroy();
        });
      });
      asked.on('error', reject);
      if (body === undefined && headers['content-length'] !== undefined) asked.flushHeaders();
      else asked.end(body);
    });
  }
  const prefix = '/api/2.0/mlflow/';
  const get = (path: string) => send('GET', prefix + path, undefined, {});
  const post = (path: string, payload: unknown, headers: Record<string, string> = json) =>
    send('POST', prefix + path, typeof payload === 'string' ? payload : JSON.stringify(payload), headers);
  const newRun = () => door.newRun();
  const newExperiment = async (name: string) =>
    (await post('experiments/create', { name })).body.experiment_id as string;
  const dataOf = async (run_id: string) => {
    const { run } = (await get(`runs/get?run_id=${run_id}`)).body as {
      run: { data: unknown; inputs: unknown; info: unknown };
    };
    return run;
  };

  function expectRefusal(answer: Answer, status: number, code: string, word?: string | RegExp): void {
    expect(answer).toMatchObject({ status, body: { error_code: code, message: expect.any(String) } });
    const message = String(answer.body.message);
    expect(message).not.toMatch(insides);
    expect(message.length).toBeLessThan(1_000);
    if (word) expect(message).toMatch(word);
    expect(Object.keys(answer.body).toSorted()).toEqual(['error_code', 'message']);
  }

  /** Refused, and the run is as it was. */
  async function expectNothingWritten(path: string, fields: object, word?: string | RegExp): Promise<void> {
    const run_id = await newRun();
    await post('runs/log-parameter', { run_id, key: 'p', value: '1' });
    const before = await dataOf(run_id);
    expectRefusal(await post(path, { run_id, ...fields }), 400, invalid, word);
    expect(await dataOf(run_id)).toEqual(before);
  }

  const badKeys = [
    'a\0b',
    '..',
    '.',
    '../x',
    'a/../b',
    'a//b',
    '/a',
    'a/',
    './a',
    'a"b',
    'a\nb',
    '<b>',
    'a%2e%2eb',
    '\ud800',
    long(251),
  ];
  const metric = { key: 'm', value: 1, timestamp: 1, step: 0 };

  describe('of keys', () => {
    test.each(badKeys)('%j is refused everywhere', async (key) => {
      await expectNothingWritten('runs/log-metric', { ...metric, key });
      await expectNothingWritten('runs/log-parameter', { key, value: '1' });
      await expectNothingWritten('runs/set-tag', { key, value: '1' });
      await expectNothingWritten(
        'runs/log-batch',
        { metrics: [metric, { ...metric, key }] },
        /metrics\[1\]\.name/,
      );
      await expectNothingWritten(
        'runs/log-batch',
        {
          params: [
            { key: 'ok', value: '1' },
            { key, value: '1' },
          ],
        },
        /params\[1\]\.key/,
      );
      await expectNothingWritten(
        'runs/log-batch',
        { metrics: [metric], tags: [{ key, value: '1' }] },
        /tags\[0\]\.key/,
      );
    });

    test.each([['größe/ü'], ['a b'], ['a-b.c:d'], [long(250)]])('%j is taken', async (key) => {
      const run_id = await newRun();
      expect(await post('runs/log-metric', { run_id, ...metric, key })).toEqual({ status: 200, body: {} });
    });
  });

  describe('of a metric', () => {
    test.each([
      ['value', true],
      ['value', 'abc'],
      ['value', ''],
      ['value', null],
      ['value', [1]],
      ['value', {}],
      ['value', undefined],
      ['timestamp', -1],
      ['timestamp', 'soon'],
      ['timestamp', 1.5],
      ['timestamp', 1e300],
      ['timestamp', null],
      ['timestamp', undefined],
      ['timestamp', true],
      ['step', 'x'],
      ['step', 1.5],
      ['step', {}],
      ['step', '9'.repeat(20)],
      ['key', ''],
      ['key', undefined],
      ['key', { a: 1 }],
      ['key', ['m']],
    ])('%s %j is refused, alone and in a batch', async (field, value) => {
      await expectNothingWritten('runs/log-metric', { ...metric, [field]: value }, field);
      await expectNothingWritten('runs/log-batch', {
        params: [{ key: 'new', value: '1' }],
        metrics: [metric, { ...metric, key: 'n', [field]: value }],
      });
    });

    test('NaN and the infinities are taken; a negative step too; what is there already stays one', async () => {
      const run_id = await newRun();
      for (const value of ['NaN', 'Infinity', '-Infinity', '1e3', 5e-324])
        expect((await post('runs/log-metric', { run_id, ...metric, key: `k${value}`, value })).status).toBe(
          200,
        );
      for (let i = 0; i < 2; i += 1)
        expect((await post('runs/log-metric', { run_id, ...metric, step: -5, timestamp: '7' })).status).toBe(
          200,
        );
      const history = await get(`metrics/get-history?run_id=${run_id}&metric_key=m`);
      expect(history.body.metrics).toEqual([{ key: 'm', value: 1, timestamp: 7, step: -5 }]);
    });

    test('bare NaN is not JSON', async () => {
      const run_id = await newRun();
      const text = `{"run_id": "${run_id}", "key": "m", "timestamp": 1, "value": NaN}`;
      expectRefusal(await post('runs/log-metric', text), 400, invalid, 'Missing value');
    });
  });

  describe('of a batch', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: '1' }));
    const metrics = (count: number) => Array.from({ length: count }, (_, i) => ({ ...metric, key: `m${i}` }));
    test.each([
      ['1,001 metrics', { metrics: metrics(1001) }, '1000'],
      ['101 parameters', { params: many(101) }, '100'],
      ['101 tags', { tags: many(101) }, '100'],
      ['1,001 in all', { metrics: metrics(900), params: many(100), tags: many(1) }, '1000'],
      [
        'a parameter twice',
        {
          params: [
            { key: 'a', value: '1' },
            { key: 'a', value: '1' },
          ],
        },
        "'a'",
      ],
      [
        'a parameter twice, differing',
        {
          metrics: [metric],
          params: [
            { key: 'a', value: '1' },
            { key: 'a', value: '2' },
          ],
        },
        "'a'",
      ],
      [
        'another value than is there',
        {
          metrics: [metric],
          params: [
            { key: 'n', value: '1' },
            { key: 'p', value: '2' },
          ],
        },
        /Changing param values is not allowed/,
      ],
      ['a text for a list', { metrics: 'm' }, 'key'],
      ['a number in a list', { params: [7] }, 'key'],
      ['null in a list', { metrics: [null] }, 'key'],
      ['a NUL in a value', { params: [{ key: 'a', value: 'b\0c' }] }, 'NUL'],
      ['a list as a value', { tags: [{ key: 'a', value: ['b'] }] }, 'value'],
    ])('%s: nothing of it is written', async (_what, fields, word) => {
      await expectNothingWritten('runs/log-batch', fields, word);
    });

    test('of the largest size it is taken; unknown fields are no trouble', async () => {
      const run_id = await newRun();
      const fields = {
        run_id,
        metrics: metrics(800),
        params: many(100),
        tags: many(100),
        surprise: { a: 1 },
      };
      expect(await post('runs/log-batch', fields)).toEqual({ status: 200, body: {} });
    });

    // The reference has a limit of 1 MB and measures the number of fields by it, so its clients do not know it.
    test('of few but long values it is taken', async () => {
      const run_id = await newRun();
      const params = many(100).map(({ key }) => ({ key, value: long(6_000) }));
      const tags = many(100).map(({ key }) => ({ key, value: long(8_000) }));
      expect((await post('runs/log-batch', { run_id, params, tags })).status).toBe(200);
    });

    test('values that are too long are cut, as the reference does', async () => {
      const run_id = await newRun();
      await post('runs/log-parameter', { run_id, key: 'p', value: long(7_000) });
      await post('runs/set-tag', { run_id, key: 't', value: long(9_000) });
      const { data } = (await dataOf(run_id)) as {
        data: { params: { value: string }[]; tags: { key: string; value: string }[] };
      };
      expect(data.params[0]?.value).toHaveLength(6_000);
      expect(data.tags.find(({ key }) => key === 't')?.value).toHaveLength(8_000);
    });
  });

  describe('of a run', () => {
    test.each([
      ['runs/create', { experiment_id: 'abc' }, 400, invalid],
      ['runs/create', {}, 400, invalid],
      ['runs/create', { experiment_id: '../0' }, 400, invalid],
      ['runs/create', { experiment_id: '9'.repeat(40) }, 404, 'RESOURCE_DOES_NOT_EXIST'],
      ['runs/create', { experiment_id: '424242' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
      ['runs/create', { experiment_id: '0', start_time: 'now' }, 400, invalid],
      ['runs/create', { experiment_id: '0', run_name: { a: 1 } }, 400, invalid],
      ['runs/create', { experiment_id: '0', run_name: 'a\0b' }, 400, invalid],
      ['runs/create', { experiment_id: '0', run_name: long(501) }, 400, invalid],
      ['runs/create', { experiment_id: '0', user_id: 'a\0b' }, 400, invalid],
      ['runs/create', { experiment_id: '0', user_id: long(100_000) }, 400, invalid],
      ['runs/create', { experiment_id: '0', tags: [{ key: '../x', value: '1' }] }, 400, invalid],
      [
        'runs/create',
        { experiment_id: '0', run_name: 'a', tags: [{ key: 'mlflow.runName', value: 'b' }] },
        400,
        invalid,
      ],
      ['runs/update', { run_id: 'f'.repeat(32) }, 404, 'RESOURCE_DOES_NOT_EXIST'],
      ['runs/update', { run_id: '../x' }, 400, invalid],
      ['runs/log-metric', { run_id: 'f'.repeat(32), ...metric }, 404, 'RESOURCE_DOES_NOT_EXIST'],
      ['runs/log-batch', { run_id: `a${long(256)}`, metrics: [metric] }, 400, invalid],
      ['runs/log-batch', { run_id: 'a\0', metrics: [metric] }, 400, invalid],
      ['runs/log-batch', { run_id: ['a'], metrics: [metric] }, 400, invalid],
      ['runs/delete-tag', { run_id: 'f'.repeat(32), key: 'k' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
    ])('%s %j', async (path, fields, status, code) => {
      expectRefusal(await post(path, fields), status, code);
    });

    test('an unknown status changes nothing; a tag that is not there is missing', async () => {
      const run_id = await newRun();
      expect((await post('runs/update', { run_id, status: 'BOGUS' })).body.run_info).toMatchObject({
        status: 'RUNNING',
      });
      expectRefusal(await post('runs/update', { run_id, end_time: 'x' }), 400, invalid, 'end_time');
      expectRefusal(await post('runs/delete-tag', { run_id, key: 'none' }), 404, 'RESOURCE_DOES_NOT_EXIST');
    });

    test('a deleted one takes nothing', async () => {
      const run_id = await newRun();
      await post('runs/set-tag', { run_id, key: 'k', value: '1' });
      await post('runs/delete', { run_id });
      const before = await dataOf(run_id);
      const dataset = { name: 'd', digest: 'x', source_type: 'local', source: 's' };
      for (const [path, fields] of [
        ['runs/log-metric', metric],
        ['runs/log-parameter', { key: 'a', value: '1' }],
        ['runs/set-tag', { key: 'a', value: '1' }],
        ['runs/delete-tag', { key: 'k' }],
        ['runs/log-batch', { metrics: [metric] }],
        ['runs/log-inputs', { datasets: [{ dataset }] }],
        ['runs/update', { status: 'FINISHED' }],
      ] as const)
        expectRefusal(await post(path, { run_id, ...fields }), 400, invalid, "'active' state");
      expect(await dataOf(run_id)).toEqual(before);
    });

    test.each([
      ['name', long(501)],
      ['name', ''],
      ['name', 'a\0b'],
      ['digest', long(37)],
      ['digest', undefined],
      ['source', long(65_536)],
      ['source', { a: 1 }],
      ['source_type', undefined],
      ['schema', long(1_048_576)],
      ['schema', {}],
    ])('an input whose %s is bad writes none of the inputs', async (field, value) => {
      const dataset = { name: 'd', digest: 'x', source_type: 'local', source: 's' };
      await expectNothingWritten('runs/log-inputs', {
        datasets: [{ dataset }, { dataset: { ...dataset, [field]: value } }],
      });
    });
  });

  describe('of an experiment', () => {
    test.each([
      ['', 'name'],
      ['   ', 'name'],
      [undefined, 'name'],
      [{ a: 1 }, 'name'],
      [long(501), 'name'],
      [long(1_000_000), 'name'],
      ['a\0b', 'NUL'],
      ['half \ud800', 'name'],
    ])('the name %j', async (name, word) => {
      expectRefusal(await post('experiments/create', { name }), 400, invalid, word);
    });

    test.each([
      'http:///#/../../etc/',
      'http://x/a;b',
      's3://b/x?a=../..',
      'file:///etc',
      '/etc/../etc',
      'http://169.254.169.254/latest',
      'runs:/x/y',
    ])('the artifact location %s; the experiment is not made', async (artifact_location) => {
      const name = `at ${artifact_location}`;
      expectRefusal(await post('experiments/create', { name, artifact_location }), 400, invalid, 'artifact');
      const found = await get(`experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`);
      expectRefusal(found, 404, 'RESOURCE_DOES_NOT_EXIST');
    });

    test.each([
      ['experiments/set-experiment-tag', { experiment_id: '0', key: '../x', value: '1' }, 400, invalid],
      ['experiments/set-experiment-tag', { experiment_id: '0', key: long(251), value: '1' }, 400, invalid],
      ['experiments/set-experiment-tag', { experiment_id: '0', key: 'k', value: 'a\0b' }, 400, invalid],
      [
        'experiments/set-experiment-tag',
        { experiment_id: '424242', key: 'k', value: '1' },
        404,
        'RESOURCE_DOES_NOT_EXIST',
      ],
      [
        'experiments/delete-experiment-tag',
        { experiment_id: '0', key: 'none' },
        404,
        'RESOURCE_DOES_NOT_EXIST',
      ],
      ['experiments/update', { experiment_id: '0', new_name: '' }, 400, invalid],
      ['experiments/update', { experiment_id: '0', new_name: long(501) }, 400, invalid],
      ['experiments/delete', { experiment_id: '424242' }, 404, 'RESOURCE_DOES_NOT_EXIST'],
      ['experiments/delete', { experiment_id: '0; drop table runs' }, 400, invalid],
    ])('%s %j', async (path, fields, status, code) => {
      expectRefusal(await post(path, fields), status, code);
    });

    test('made by many at once, it is made by one; the others are told', async () => {
      const answers = await Promise.all(
        Array.from({ length: 12 }, () => post('experiments/create', { name: 'contested' })),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      for (const answer of answers.filter(({ status }) => status !== 200))
        expectRefusal(answer, 400, 'RESOURCE_ALREADY_EXISTS', 'contested');
    });

    test('a deleted one keeps its name, and takes no runs', async () => {
      const experiment_id = await newExperiment('gone');
      await post('experiments/delete', { experiment_id });
      expectRefusal(
        await post('experiments/create', { name: 'gone' }),
        400,
        'RESOURCE_ALREADY_EXISTS',
        'deleted',
      );
      expectRefusal(await post('runs/create', { experiment_id }), 400, invalid, "'active' state");
    });
  });

  describe('of a question', () => {
    test.each([
      ['max_results', 0],
      ['max_results', -1],
      ['max_results', 50_001],
      ['max_results', 1e9],
      ['max_results', 'many'],
      ['page_token', 'zzz'],
      ['page_token', '{"offset": -1}'],
      ['page_token', Buffer.from('{"offset": 1e99}').toString('base64')],
      ['filter', "metrics.a = 'text'"],
      ['filter', 'params.a = 1'],
      ['filter', "nonsense.a = 'b'"],
      ['filter', "params.a = 'b"],
      ['filter', "params.a = 'b'; drop table runs"],
      ['filter', `${'('.repeat(5_000)}params.a = 'b'`],
      ['filter', { a: 1 }],
      ['order_by', ['nonsense.a']],
      ['order_by', ['metrics.a SIDEWAYS']],
      ['order_by', [{ a: 1 }]],
    ])('runs/search with %s %j', async (field, value) => {
      expectRefusal(await post('runs/search', { experiment_ids: ['0'], [field]: value }), 400, invalid);
    });

    test.each([
      ['experiments/search', 'max_results'],
      ['experiments/search?max_results=0', 'max_results'],
      ['experiments/search?max_results=50001', 'max_results'],
      ['experiments/search?max_results=10&page_token=!', /token|cursor/],
      ['experiments/search?max_results=10&filter=nonsense', undefined],
      ['experiments/get', 'experiment_id'],
      ['experiments/get?experiment_id=x', 'experiment_id'],
      ['experiments/get-by-name', 'experiment_name'],
      ['runs/get', 'run_id'],
      ['runs/get?run_id=..%2f..%2fetc', 'run_id'],
      ['runs/get?run_id=a%00b', undefined],
      ['metrics/get-history?run_id=a1', 'metric_key'],
      ['metrics/get-history?run_id=a1&metric_key=m&max_results=0', 'max_results'],
      ['metrics/get-history?run_id=a1&metric_key=m&max_results=25001', 'max_results'],
      ['metrics/get-history?run_id=a1&metric_key=m&page_token=zzz', /token|cursor/],
    ])('GET %s', async (path, word) => {
      expectRefusal(await get(path), 400, invalid, word);
    });

    test('names that are not there are not found', async () => {
      for (const path of [
        'experiments/get?experiment_id=424242',
        'experiments/get-by-name?experiment_name=none',
        `runs/get?run_id=${'f'.repeat(32)}`,
        `metrics/get-history?run_id=${'f'.repeat(32)}&metric_key=m`,
      ])
        expectRefusal(await get(path), 404, 'RESOURCE_DOES_NOT_EXIST');
    });
  });

  describe('of a request', () => {
    test.each([
      '{',
      '[]',
      '"text"',
      'null',
      '7',
      '',
      '['.repeat(200_000),
      '{"__proto__": {"experiment_id": "0"}}',
    ])('a body %.20j counts as empty', async (text) => {
      expectRefusal(
        await post('runs/create', text),
        400,
        invalid,
        "Missing value for required parameter 'experiment_id'",
      );
    });

    test.each([
      ['text/plain'],
      ['application/x-www-form-urlencoded'],
      ['multipart/form-data; boundary=x'],
      ['<script>'],
    ])('of the type %s is refused', async (type) => {
      const answer = await post('runs/create', '{"experiment_id":"0"}', { 'content-type': type });
      expectRefusal(answer, 400, invalid, "Content-Type must be one of ['application/json']");
    });

    test('to a host or from a page that is not ours is refused, in words of MLflow', async () => {
      const body = '{"experiment_id":"0"}';
      for (const headers of [
        { ...json, host: 'evil.com' },
        { ...json, host: '127.0.0.1.evil.com' },
        { ...json, origin: 'http://evil.com' },
        { ...json, origin: 'null' },
        { 'content-type': 'text/plain', origin: 'https://127.0.0.1.evil.com' },
      ])
        expectRefusal(await post('runs/create', body, headers), 403, 'PERMISSION_DENIED');
      const read = await send('GET', `${prefix}experiments/get?experiment_id=0`, undefined, {
        host: 'evil.com',
      });
      expectRefusal(read, 403, 'PERMISSION_DENIED', /host/i);
      expect((await post('runs/create', body, { ...json, origin: `http://localhost:${port}` })).status).toBe(
        200,
      );
    });

    test.each(['runs/log-batch', 'runs/create', 'runs/log-inputs', 'experiments/create'])(
      'of 1 GB to %s is refused before it is read',
      async (path) => {
        const answer = await send('POST', prefix + path, undefined, {
          ...json,
          'content-length': 1_000_000_000,
        });
        expectRefusal(answer, 400, invalid, /larger than/);
      },
    );

    test('without an end is cut off at the limit', async () => {
      const answer = await send('POST', `${prefix}runs/create`, `{"x": "${long(17 * 1024 * 1024)}`, {
        ...json,
        'transfer-encoding': 'chunked',
      });
      expectRefusal(answer, 400, invalid, /larger than/);
    });
  });
});
