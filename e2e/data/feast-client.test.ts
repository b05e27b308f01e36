// Feast's unmodified client, its remote online store pointed here. TIDEMILL_TEST_FEAST names a python that has `feast`.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { createClient } from '../../sdk/src/index.ts';
import { startServer } from '../cli-process.ts';

const call = promisify(execFile);
const python = process.env.TIDEMILL_TEST_FEAST ?? '';
if (python === '') console.warn('SKIPPED: Feast. Set TIDEMILL_TEST_FEAST to a python that has feast 0.67.');

test.skipIf(python === '')(
  'reads what was materialized, writes, and reads that',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidemill-feast-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const server = await startServer(join(folder, 'data'));
    onTestFinished(() => server.stop());
    const { datasets, features } = createClient({ url: server.url });
    const rows = `driver_id,event_time,rate,town\n1001,${new Date(Date.now() - 60_000).toISOString()},0.25,Bonn\n`;
    await datasets.commit({ name: 'drivers', format: 'csv', content: Buffer.from(rows) });
    const sql = 'select driver_id, event_time, cast(rate as double) as rate, town from drivers';
    await features.put({
      name: 'driver_stats',
      sql,
      entity: ['driver_id'],
      eventTime: 'event_time',
      ttl: '30d',
    });
    await features.materialize({ name: 'driver_stats', version: '1' });
    const script = join(import.meta.dirname, 'feast_client.py');
    const { stdout } = await call(python, [script, folder, server.url], { maxBuffer: 1e8 });
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
      before: { driver_id: [1001, 9999], rate: [0.25, null], town: ['Bonn', null] },
      after: { driver_id: [1001, 9999], rate: [0.25, 2], town: ['Bonn', 'Ulm'] },
    });
  },
  120_000,
);
