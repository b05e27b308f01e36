// An endpoint as programs outside ask it: generated clients over a network that loses replies, MLflow's own client, curl.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { root } from '../scripts/steps.ts';
import { createPricePlatform, type PricePlatform, walk } from '../server/src/testing/price-platform.ts';
import { createTempDir } from '../server/src/testing/temp-dir.ts';
import { tidemillInside } from './cli-process.ts';
import { toPattern } from './printed-run.ts';

const run = promisify(execFile);
const python = process.env.TIDEMILL_TEST_PYTHON ?? '';

type Mishap = 'refuse' | 'unavailable' | 'lose the reply' | 'none';

/** Passes requests on, with what goes wrong on the way; `seen` are the keys that came. */
async function openProxy(url: string, mishaps: Mishap[]) {
  const seen: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    seen.push(request.headers['idempotency-key'] as string | undefined);
    const mishap = mishaps.shift() ?? 'none';
    if (mishap === 'refuse' || mishap === 'unavailable') {
      const [status, code] =
        mishap === 'refuse' ? [429, 'tokenRateExceeded'] : [503, 'predictionUnavailable'];
      response.writeHead(status, { 'retry-after': '1', 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code, message: 'Not now. Try again.' } }));
      return;
    }
    const reply = await fetch(`${url}${request.url}`, {
      method: 'POST',
      body: Buffer.concat(parts),
      headers: {
        'content-type': 'application/json',
        ...(request.headers['idempotency-key'] && {
          'idempotency-key': String(request.headers['idempotency-key']),
        }),
      },
    });
    const body = await reply.text();
    if (mishap === 'lose the reply') request.socket.destroy();
    else response.writeHead(reply.status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: addressOf(server), seen };
}

const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

describe('an endpoint', () => {
  let platform: PricePlatform;
  let url: string;
  let folder: string;
  let remove: () => Promise<void>;

  beforeAll(async () => {
    platform = await createPricePlatform({ days: walk(60), defaultEndpoint: 'forecast' });
    await platform.http.listen({ host: '127.0.0.1', port: 0 });
    url = addressOf(platform.http.server);
    ({ path: folder, remove } = await createTempDir());
    for (const language of ['typescript', 'python']) {
      const ended = await tidemillInside(['endpoints', 'client', 'forecast', '--language', language], {
        url,
        folder,
      });
      expect(ended).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('Wrote the client of forecast'),
      });
    }
  });
  afterAll(async () => {
    await platform.close();
    await remove();
  });

  const logged = async () =>
    (
      await platform.services.predictions.list(
        { name: 'forecast', limit: 10_000, status: 'ok' },
        platform.caller,
      )
    ).items.length;
  const record = { symbol: 'TEST', close: 100, before: 99 };
  const modelValue = async () => {
    const input = { name: 'forecast', records: [record] };
    return (await platform.services.endpoints.predict(input, platform.caller)).predictions[0]?.value;
  };

  const importClient = () =>
    import(/* @vite-ignore */ pathToFileURL(join(folder, 'forecast-client.ts')).href);

  test('is asked by its generated TypeScript client through every mishap, and logs each call once', async () => {
    const { createForecastClient } = await importClient();
    const expected = await modelValue();
    const before = await logged();
    const proxy = await openProxy(url, ['refuse', 'unavailable', 'none', 'lose the reply', 'none']);
    const client = createForecastClient({ url: proxy.url });
    const begun = performance.now();
    expect(await client.predict(record)).toMatchObject({ value: expected, source: 'model' });
    expect(performance.now() - begun).toBeGreaterThan(1990);
    expect(await client.predict(record)).toMatchObject({ value: expected });
    expect(await logged()).toBe(before + 2);
    expect(proxy.seen).toHaveLength(5);
    expect(new Set(proxy.seen).size).toBe(2);
  });

  test('tells its TypeScript client what is wrong, without a retry', async () => {
    const { createForecastClient, ForecastError } = await importClient();
    const proxy = await openProxy(url, []);
    const client = createForecastClient({ url: proxy.url });
    const failure = await client.predict({ symbol: 'TEST', close: 100 }).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(ForecastError);
    expect(failure).toMatchObject({ code: 'featureInvalid', status: 400 });
    expect(failure.remedy).toContain('Send');
    expect(proxy.seen).toHaveLength(1);
    const lost = createForecastClient({ url: (await openProxy(url, ['lose the reply'])).url, retries: 0 });
    await expect(lost.predict(record)).rejects.toMatchObject({ code: 'unreachable', status: 0 });
    const busy = createForecastClient({ url: (await openProxy(url, ['refuse'])).url, timeoutMs: 300 });
    await expect(busy.predict(record)).rejects.toMatchObject({
      code: 'tokenRateExceeded',
      retryAfterMs: 1000,
    });
  });

  test.skipIf(python === '')(
    'is asked by its generated Python client through every mishap, too',
    async () => {
      const before = await logged();
      const proxy = await openProxy(url, ['refuse', 'unavailable', 'none', 'lose the reply', 'none', 'none']);
      const script = `
import sys
from forecast_client import ForecastClient, ForecastError
client = ForecastClient(sys.argv[1])
record = {"symbol": "TEST", "close": 100.0, "before": 99.0}
assert client.predict(record)["value"] == float(sys.argv[2])
assert client.predict_many([record, record])["predictions"][1]["source"] == "model"
try:
    client.predict({"symbol": "TEST", "close": 1.0})
    raise SystemExit("a record without 'before' was taken")
except ForecastError as error:
    assert (error.code, error.status) == ("featureInvalid", 400), error
    assert "Send" in error.remedy
`;
      const words = ['-W', 'error', '-c', script, proxy.url, String(await modelValue())];
      await run(python, words, { cwd: folder });
      expect(proxy.seen).toHaveLength(6);
      expect(await logged()).toBe(before + 1 + 1 + 2);
    },
  );

  test.skipIf(python === '')('answers MLflow’s own scoring client, requests and what they send', async () => {
    const script = `
import sys
import pandas as pd
import requests
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
port, expected = sys.argv[1], float(sys.argv[2])
client = ScoringServerClient("127.0.0.1", port)
client.ping()
client.get_version()
frame = pd.DataFrame({"before": [99.0, 99.0], "close": [100.0, 100.0]})
assert client.invoke(frame).get_predictions()[0].tolist() == [expected, expected]
url = f"http://127.0.0.1:{port}/endpoints/forecast/invocations"
for body in [{"dataframe_split": frame.to_dict(orient="split")}, {"dataframe_records": frame.to_dict(orient="records")},
             {"instances": frame.to_dict(orient="records")}, {"inputs": frame.to_dict(orient="list")}]:
    reply = requests.post(url, json=body, timeout=20)
    assert reply.json() == {"predictions": [expected, expected]}, reply.text
reply = requests.post(url, data=frame.to_csv(), headers={"Content-Type": "text/csv; charset=utf-8"}, timeout=20)
assert reply.json() == {"predictions": [expected, expected]}, reply.text
reply = requests.post(url, json={"dataframe_split": {"columns": ["close"], "data": [[1]]}}, timeout=20)
assert reply.status_code == 400 and reply.json()["error_code"] == "INVALID_PARAMETER_VALUE", reply.text
`;
    await run(python, ['-c', script, new URL(url).port, String(await modelValue())]);
  });

  test('answers each curl of the guide as printed there', async () => {
    const text = await readFile(join(root, 'docs/serving.md'), 'utf8');
    const [, section = ''] = text.split('\n## Call it from other programs\n');
    const steps = [
      ...(section.split('\n## ')[0] ?? '').matchAll(/```\n\$ (curl (?:.*\\\n)*.*)\n([\s\S]*?)```/g),
    ];
    expect(steps.length).toBeGreaterThan(4);
    for (const [, command = '', output = ''] of steps) {
      const { stdout } = await run('bash', ['-c', command.replaceAll('http://127.0.0.1:4600', url)]);
      expect(`${stdout.trimEnd()}\n`).toMatch(toPattern(output.trimEnd()));
    }
  });

  test('is doubled in a test as the guide shows', async () => {
    const text = await readFile(join(root, 'docs/serving.md'), 'utf8');
    const [, example = ''] = /```ts double\n([\s\S]*?)```/.exec(text) ?? [];
    expect(example).toContain('createForecastDouble');
    const file = join(folder, 'double.test.mjs');
    await writeFile(
      file,
      example.replace("'./forecast-client.ts'", JSON.stringify(join(folder, 'forecast-client.ts'))),
    );
    const { stdout } = await run(process.execPath, ['--test', file]);
    expect(stdout).toMatch(/pass 1/);
  });
});
