// MLflow's own client, unmodified, against a server as a user starts it. Every assertion stands in the Python script.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../scripts/steps.ts';

const python = process.env.TIDEMILL_TEST_PYTHON ?? '';
if (python === '') {
  console.warn(
    "SKIPPED: MLflow's client. Set TIDEMILL_TEST_PYTHON to a Python that has e2e/python/requirements.txt.",
  );
}

describe.skipIf(python === '')("MLflow's client", () => {
  let folder = '';
  let url = '';
  let server: ReturnType<typeof spawn> | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemill-mlflow-'));
    const parameters = ['up', '--port', '0', '--data', join(folder, 'data'), '--exit-with-parent'];
    server = spawn(process.execPath, [join(root, 'cli/bin/tidemill.js'), ...parameters], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    url = await readAddress(server);
  });

  afterAll(async () => {
    if (server && server.exitCode === null) {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  });

  test('logs, searches, uploads and downloads', async () => {
    const { stdout } = await promisify(execFile)(python, [join(root, 'e2e/python/mlflow_client.py'), url], {
      env: { ...process.env, MLFLOW_TRACKING_URI: '', HOME: folder },
      maxBuffer: 16 * 2 ** 20,
    });
    const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { steps: Record<string, number> };
    expect(Object.keys(report.steps).length).toBeGreaterThanOrEqual(20);
  });
});

async function readAddress(server: ReturnType<typeof spawn>): Promise<string> {
  if (!server.stdout) throw new Error('The server has no output.');
  for await (const line of createInterface(server.stdout)) {
    const found = /listens on (\S+)/.exec(line)?.[1];
    if (found) return found;
  }
  throw new Error('The server ended before it listened.');
}
