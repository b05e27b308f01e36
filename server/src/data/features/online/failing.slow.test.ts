import { spawnSync } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { connect as connectTo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSqlite } from '../../../adapters/db/sqlite.ts';
import { openRedisOnline } from '../../../adapters/online/redis.ts';
import { callerIn, createDataWing } from '../../../testing/data-wing.ts';
import { createTestPlatform, owner } from '../../../testing/platform.ts';
import { isRedisThere, redisUrl } from '../../../testing/redis.ts';
import { tempDir } from '../../../testing/temp-dir.ts';
import { until } from '../../../testing/until.ts';

const view = { name: 'v', entity: ['id'], eventTime: 'ts', sql: 'select id, ts, x, s from t' };
const one = { name: 'v', version: '1' };
const entities = [{ id: 5 }];

function tableOf(rows: number, more: number): Buffer {
  const lines = Array.from(
    { length: rows },
    (_, i) => `${i},2025-12-01,${i + more},text${(i * 7919) % 1_000_003}`,
  );
  return Buffer.from(`id,ts,x,s\n${lines.join('\n')}\n`);
}

/** A small disk; only an administrator of the machine can make one. */
async function mountDisk(size: string): Promise<string | null> {
  const path = await tempDir();
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  if (status !== 0) return null;
  onTestFinished(() => void spawnSync('umount', ['-l', path]));
  return path;
}

describe('on a full disk', () => {
  it('a materialization says so, what was online stays, and the next one goes on', async ({ skip }) => {
    const disk = await mountDisk('60m');
    if (disk === null) return skip('no disk can be mounted here');
    const { services, close, http } = await createTestPlatform({ dataFolder: disk });
    onTestFinished(() => close());
    const { features, datasets } = services;
    const commit = (content: Buffer) => datasets.commit({ name: 't', format: 'csv', content }, owner);
    const found = async () => (await features.lookup({ ...one, entities }, owner)).rows[0]?.values.x;
    const ballast = join(disk, 'ballast');
    async function leave(bytes: number): Promise<void> {
      const { bavail, bsize } = await statfs(disk as string);
      // What the server writes meanwhile may leave less room than there was.
      await writeFile(ballast, Buffer.alloc(bavail * bsize - bytes)).catch(() => undefined);
    }
    await commit(tableOf(1_000, 0));
    await features.put(view, owner);
    await features.materialize(one, owner);
    await commit(tableOf(60_000, 1));
    // In turn no room for the request, for the rows in files, and for the online store at first.
    for (const [bytes, reason] of [
      [0, /disk is full/],
      [300_000, /Could not write file/],
      [4_800_000, /disk is full|Could not write file/],
    ] as const) {
      await leave(bytes);
      const url = '/api/v1/feature-views/v/versions/1/materialize';
      const reply = await http.inject({ method: 'POST', url, payload: {} });
      expect(reply.json()).toMatchObject({
        error: { code: 'diskFull', message: expect.stringMatching(reason) as string },
      });
      expect(reply.statusCode).toBe(507);
      expect(await found()).toBeDefined();
      await rm(ballast);
    }
    expect(await features.materialize(one, owner)).toMatchObject({ state: 'succeeded', entities: 60_000 });
    expect(await found()).toBe(6);
  }, 60_000);
});

/** What stands between the server and its Redis, and can be cut. */
async function openProxy() {
  const { hostname, port } = new URL(redisUrl);
  const sockets = new Set<Socket>();
  let passed = 0;
  const relay = (near: Socket) => {
    const far = connectTo(Number(port || 6379), hostname);
    for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined));
    near.on('data', (bytes) => {
      passed += bytes.length;
    });
    near.pipe(far).pipe(near);
  };
  const listen = (at: number) =>
    new Promise<Server>((resolve) => {
      const server = createServer(relay).listen(at, '127.0.0.1', () => resolve(server));
    });
  let server = await listen(0);
  const { port: own } = server.address() as { port: number };
  return {
    url: `redis://127.0.0.1:${own}`,
    /** Bytes sent to Redis so far. */
    passed: () => passed,
    cut() {
      server.close();
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    async mend() {
      server = await listen(own);
    },
    close: () => server.close(),
  };
}

describe.skipIf(!isRedisThere)('without its Redis', () => {
  it('a materialization says so, keeps what was online, and the next one goes on', async () => {
    const proxy = await openProxy();
    const prefix = `tidemill-test-${process.pid}-${Math.random()}`;
    const online = await openRedisOnline({ url: proxy.url, prefix });
    const file = join(await tempDir(), 'tidemill.db');
    const database = await openSqlite({ file, durability: 'process' });
    const wing = await createDataWing(database, { online });
    onTestFinished(async () => {
      await online.drop('failing/v@1').catch(() => undefined);
      await wing.close();
      await database.close();
      proxy.cut();
    });
    const caller = callerIn('failing');
    const { features, datasets } = wing;
    const commit = (content: Buffer) => datasets.commit({ name: 't', format: 'csv', content }, caller);
    const found = async () => (await features.lookup({ ...one, entities }, caller)).rows[0]?.values.x;
    await commit(tableOf(1_000, 0));
    await features.put(view, caller);
    await features.materialize({ ...one, mode: 'incremental' }, caller);
    await commit(tableOf(60_000, 1));
    const before = proxy.passed();
    const run = features.materialize({ ...one, mode: 'incremental' }, caller);
    const ended = run.then(String, (error: unknown) => error);
    await until(
      () => proxy.passed() - before,
      (bytes) => bytes > 300_000,
    );
    proxy.cut();
    await expect(found()).rejects.toMatchObject({ code: 'onlineUnavailable', status: 503 });
    let end: unknown = null;
    ended.then((value) => {
      end = value;
    });
    // Its attempts are a while apart.
    await until(
      () => wing.skip(1_000) && end,
      (value) => value !== null,
    );
    expect(end).toMatchObject({ code: 'onlineUnavailable', status: 503 });
    await proxy.mend();
    await until(
      () => found().catch(() => null),
      (x) => x === 5 || x === 6,
    );
    const next = await features.materialize({ ...one, mode: 'incremental' }, caller);
    expect(next).toMatchObject({ state: 'succeeded', entities: 60_000 });
    const last = await features.lookup({ ...one, entities: [{ id: 5 }, { id: 59_999 }] }, caller);
    expect(last.rows.map((row) => row?.values.x)).toEqual([6, 60_000]);
  }, 60_000);
});
