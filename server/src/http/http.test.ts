import { contract, type Endpoint } from '@tidemill/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../testing/platform.ts';
import { routePath } from './bind.ts';

describe('the HTTP binding', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await createTestPlatform();
  });
  afterAll(() => platform.close());

  const post = (payload: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    platform.http.inject({ method: 'POST', url: '/api/v1/users', payload, headers });

  it('answers every endpoint of the contract', () => {
    for (const list of Object.values(contract) as Record<string, Endpoint>[]) {
      for (const endpoint of Object.values(list)) {
        const route = { method: endpoint.method, url: routePath(endpoint) };
        expect(platform.http.hasRoute(route), endpoint.path).toBe(true);
      }
    }
  });

  it('describes every endpoint in /openapi.json', async () => {
    const document = (await platform.http.inject({ url: '/openapi.json' })).json();
    const ids = Object.values(document.paths as Record<string, Record<string, { operationId?: string }>>)
      .flatMap((methods) => Object.values(methods))
      .map((operation) => operation.operationId);
    for (const [domain, list] of Object.entries(contract)) {
      for (const name of Object.keys(list)) expect(ids).toContain(`${domain}.${name}`);
    }
  });

  it.each([
    ['not JSON', '{bad', 400, 'bodyNotJson'],
    ['a field too many', '{"name":"x","role":"viewer","admin":true}', 400, 'requestInvalid'],
    ['a wrong type', '{"name":5,"role":"viewer"}', 400, 'requestInvalid'],
    ['a list', '[]', 400, 'requestInvalid'],
    ['nothing', '', 400, 'bodyNotJson'],
    ['a NUL character', '{"name":"\\u0000","role":"viewer"}', 400, 'requestInvalid'],
    ['half a character', '{"name":"\\ud800","role":"viewer"}', 400, 'requestInvalid'],
    ['a key with a NUL', '{"name":"x","role":"viewer","\\u0000":1}', 400, 'requestInvalid'],
  ])('refuses a body that is %s', async (_what, payload, status, code) => {
    const reply = await post(payload);
    expect(reply.statusCode).toBe(status);
    expect(reply.json().error.code).toBe(code);
    expect(reply.json().error.requestId).toBeTruthy();
  });

  it('names the field that is wrong', async () => {
    const { error } = (await post('{"name":"x","role":"viewer","admin":true}')).json();
    expect(error.message).toContain('admin');
  });

  it.each([
    ['a NUL in a path', 'GET', '/api/v1/jobs/%00', undefined],
    ['a NUL in a query', 'GET', '/api/v1/audit?subject=a%00b', undefined],
    ['a cursor that is no whole number', 'GET', '/api/v1/audit?cursor=MWUzMDA', undefined],
    ['a token for longer than time lasts', 'POST', '/api/v1/tokens', { expiresInDays: 1e308 }],
    ['a number that nothing holds exactly', 'PUT', '/api/v1/datasets/a/tags/b', { version: 1e300 }],
  ] as const)('refuses %s', async (_what, method, url, body) => {
    const payload = body && { ...(method === 'POST' && { name: 'x', role: 'viewer' }), ...body };
    const reply = await platform.http.inject({ method, url, ...(payload && { payload }) });
    expect([reply.statusCode, reply.json().error.message]).toEqual([400, expect.any(String)]);
    expect((await platform.http.inject({ url: '/api/v1/tokens' })).statusCode).toBe(200);
  });

  it('takes every other character, however it is written', async () => {
    const description = '\u0001 \\u0000 \u{1f600} é';
    const payload = JSON.stringify({ name: 'odd', description }).replace('é', '\\u00e9');
    const headers = { 'content-type': 'application/json' };
    const reply = await platform.http.inject({ method: 'POST', url: '/api/v1/groups', headers, payload });
    expect([reply.statusCode, reply.json().description]).toEqual([201, description]);
  });

  it('refuses a body of 100 MB without reading it whole', async () => {
    const reply = await post(JSON.stringify({ name: 'x'.repeat(100 * 1024 * 1024), role: 'viewer' }));
    expect(reply.statusCode).toBe(413);
    expect(reply.json().error.code).toBe('bodyTooLarge');
  });

  it('takes an upload as a stream whatever its media type says, and refuses a body where none belongs', async () => {
    const run = await platform.services.experiments.createRun({ experimentId: '0' }, platform.caller);
    const url = `/api/v1/runs/${run.id}/artifact?path=a.json`;
    const reply = await platform.http.inject({ method: 'PUT', url, payload: { a: 1 } });
    expect([reply.statusCode, reply.json().size]).toEqual([200, 7]);
    const wrong = await post('name=x', { 'content-type': 'application/x-www-form-urlencoded' });
    expect([wrong.statusCode, wrong.json().error.code]).toEqual([415, 'mediaTypeUnsupported']);
  });

  it('refuses a foreign Host and a foreign Origin', async () => {
    const host = await platform.http.inject({ url: '/api/v1/status', headers: { host: 'evil.example' } });
    expect([host.statusCode, host.json().error.code]).toEqual([403, 'hostRefused']);
    const origin = await post('{"name":"x","role":"viewer"}', {
      'content-type': 'application/json',
      origin: 'http://evil.example',
    });
    expect([origin.statusCode, origin.json().error.code]).toEqual([403, 'hostRefused']);
  });

  it('says what a wrong path lacks', async () => {
    const reply = await platform.http.inject({ url: '/api/v1/nothing' });
    expect([reply.statusCode, reply.json().error.code]).toEqual([404, 'routeNotFound']);
  });

  it('pauses, shows it and resumes', async () => {
    const pause = await platform.http.inject({
      method: 'POST',
      url: '/api/v1/automation/pause',
      payload: { reason: 'night' },
    });
    expect(pause.json()).toMatchObject({ paused: true, pauseReason: 'night' });
    const resume = await platform.http.inject({ method: 'POST', url: '/api/v1/automation/resume' });
    expect(resume.json()).toMatchObject({ paused: false, pauseReason: null });
  });
});
