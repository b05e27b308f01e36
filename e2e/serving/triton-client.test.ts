// The unmodified tritonclient by HTTP, asynchronous HTTP and gRPC. TIDEMILL_TEST_TRITON names a python that has it.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { createClient } from '../../sdk/src/index.ts';
import { echoOf, serveGraph } from '../../server/src/testing/echo-endpoint.ts';
import { startServer } from '../cli-process.ts';

const call = promisify(execFile);
const python = process.env.TIDEMILL_TEST_TRITON ?? '';
if (python === '') console.warn('SKIPPED: tritonclient. Set TIDEMILL_TEST_TRITON to a python that has it.');

const echo = echoOf({
  long: ['INT64', 'n'],
  text: ['BYTES', 'n'],
  truth: ['BOOL', 'n'],
  matrix: ['FP32', 'rows', 3],
  unsigned: ['UINT64', 'n'],
  double: ['FP64', 'n'],
  small: ['INT8', 'n'],
});

test.skipIf(python === '')(
  'every datatype there and back, compressed and not; what a token may not is refused',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidemill-triton-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const bound = ['--grpc-port', '0', '--inference-max-bytes', '4000000'];
    const server = await startServer(join(folder, 'data'), ...bound);
    onTestFinished(() => server.stop());
    const client = createClient({ url: server.url });
    await serveGraph(client, 'echo', echo);
    await serveGraph(client, 'half', echoOf({ half: ['FP16', 'n'] }));
    await serveGraph(client, 'secret', echoOf({ x: ['FP32', 'n'] }));
    const { secret } = await client.access.createToken({ name: 'product', role: 'viewer' });
    for (const resource of ['endpoint:echo', 'endpoint:half'])
      await client.grants.add({ to: 'token:product', role: 'operator', resource });

    const script = join(import.meta.dirname, 'triton_client.py');
    const { host } = new URL(server.url);
    const { stdout } = await call(python, [script, host, server.grpc ?? '', secret], { maxBuffer: 1e8 });
    const said = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    const line = (name: string) => ({ name, version: '1', state: 'READY', reason: '' });
    expect(said.http).toMatchObject({ server: 'tidemill', index: [line('echo'), line('half')] });
    expect(said.http.metadata).toMatchObject({ name: 'echo', versions: ['1'], platform: 'onnx' });
    expect(said.http.metadata.inputs).toContainEqual({ name: 'matrix', datatype: 'FP32', shape: [-1, 3] });
    expect(said.http.refusals).toEqual({
      name: ['403', expect.stringMatching(/nobody/)],
      version: ['404', expect.stringMatching(/version 7/)],
      input: ['400', expect.stringMatching(/'x'/)],
      token: ['401', expect.any(String)],
      elsewhere: ['403', expect.any(String)],
      load: ['400', expect.stringMatching(/registry/)],
    });
    expect(said.aio).toEqual({ versions: ['1'], models: ['echo', 'half'] });
    expect(said.grpc).toMatchObject({ server: 'tidemill', index: ['echo', 'half'], typed: 7 });
    expect(said.grpc.metadata.outputs).toContainEqual({ name: 'long_out', datatype: 'INT64', shape: ['-1'] });
    expect(said.grpc.refusals).toEqual({
      name: ['StatusCode.PERMISSION_DENIED', expect.any(String)],
      version: ['StatusCode.NOT_FOUND', expect.stringMatching(/version 7/)],
      token: ['StatusCode.UNAUTHENTICATED', expect.any(String)],
      elsewhere: ['StatusCode.PERMISSION_DENIED', expect.any(String)],
      size: ['StatusCode.RESOURCE_EXHAUSTED', expect.any(String)],
      alive: true,
    });
  },
  120_000,
);
