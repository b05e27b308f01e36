// A scrape of a real server, read by the parser of Prometheus' own client.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@tidemill/sdk';
import { expect, onTestFinished, test } from 'vitest';
import { root } from '../../scripts/steps.ts';
import { startServer, tidemill } from '../cli-process.ts';
import { serveDoubler } from './double-endpoint.ts';

const python = process.env.TIDEMILL_TEST_PROMETHEUS ?? '';
if (python === '')
  console.warn("SKIPPED: Prometheus' parser. Set TIDEMILL_TEST_PROMETHEUS to a Python that has it.");

interface Family {
  readonly name: string;
  readonly type: string;
  readonly samples: {
    readonly name: string;
    readonly labels: Record<string, string>;
    readonly value: number;
  }[];
}

function parse(text: string): Promise<Family[]> {
  return new Promise((resolve, reject) => {
    const script = join(root, 'e2e/serving/scrape.py');
    const child = execFile(python, [script], { maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      error ? reject(new Error(stderr)) : resolve(JSON.parse(stdout) as Family[]),
    );
    child.stdin?.end(text);
  });
}

test.skipIf(python === '')(
  "Prometheus' own parser reads a scrape, and `endpoints stats` says the same",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidemill-metrics-'));
    const server = await startServer(join(folder, 'data'));
    onTestFinished(async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });
    const client = createClient({ url: server.url });
    await serveDoubler(client);
    const ask = (record: Record<string, string | number>) =>
      client.endpoints.predict({ name: 'doubler', records: [record, record] });
    for (let i = 0; i < 5; i++) await ask({ id: 'a', x: i });
    await expect(ask({ id: 'a' })).rejects.toThrow('x');
    await expect(client.endpoints.predict({ name: 'no-such', records: [{}] })).rejects.toThrow('no-such');
    await client.endpoints.forceFallback({ name: 'doubler', enabled: true, reason: 'a test' });
    await ask({ id: 'a', x: 1 });

    const scrape = async () => parse(await (await fetch(`${server.url}/metrics`)).text());
    const families = await scrape();
    const find = (name: string, labels: Record<string, string> = {}) =>
      families
        .flatMap(({ samples }) => samples)
        .filter((sample) => sample.name === name)
        .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value));
    const one = { workspace: 'default', endpoint: 'doubler', variant: 'one', model: 'doubler', version: '1' };
    expect(
      find('tidemill_inference_requests_total').map(({ labels, value }) => ({ ...labels, value })),
    ).toEqual([
      { ...one, source: 'model', code: '200', value: 5 },
      { ...one, source: 'fallback', code: '200', value: 1 },
      { ...one, source: 'none', code: '400', value: 1 },
    ]);
    for (const phase of ['queue', 'features', 'inference', 'total'])
      expect(find('tidemill_inference_duration_seconds_count', { phase })).toMatchObject([{ value: 6 }]);
    expect(find('tidemill_inference_records_total')).toMatchObject([{ value: 12 }]);
    expect(find('tidemill_endpoint_fallback_forced')).toMatchObject([{ value: 1 }]);
    expect(find('tidemill_runtime_ready')).toMatchObject([{ labels: { endpoint: 'doubler' }, value: 1 }]);
    expect(find('model_infer_request_success_total')).toMatchObject([
      { labels: { model: 'doubler', version: '1' }, value: 6 },
    ]);
    const route = { http_route: '/api/v1/endpoints/:name/predict' };
    expect(
      find('http_server_request_duration_seconds_count', route).map(({ labels, value }) => [
        labels.http_response_status_code,
        value,
      ]),
    ).toEqual([
      ['200', 6],
      ['400', 1],
      ['404', 1],
    ]);
    expect(JSON.stringify(families)).not.toContain('no-such');
    for (const name of ['nodejs_eventloop_lag_seconds', 'process_resident_memory_bytes', 'tidemill_tasks'])
      expect(families.map((family) => family.name)).toContain(name);

    const told = await tidemill(['endpoints', 'stats', 'doubler', '--json'], { url: server.url });
    expect(JSON.parse(told.stdout)).toMatchObject({
      endpoint: 'doubler',
      variants: [{ variant: 'one', model: 'doubler@1', requests: 7, fallbacks: 1, failures: 1 }],
    });
    const top = await tidemill(['endpoints', 'top'], { url: server.url });
    expect(top.stdout).toMatch(/doubler +one +doubler@1 +7 /);

    await client.endpoints.delete({ name: 'doubler' });
    expect(JSON.stringify(await scrape())).not.toMatch(/"endpoint": ?"doubler".*"variant"/);
  },
);
