import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CommandSpec, Usage } from './executor.ts';
import { localExecutor } from './local.ts';
import { workerPool } from './worker-pool.ts';

const never = new AbortController().signal;

/** So much work, however busy the machine is. */
const busy = (turns: number): string => `i=0; while [ $i -lt ${turns} ]; do i=$((i+1)); done`;

describe('localExecutor', () => {
  const executor = localExecutor({ graceMs: 200 });
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemill-executor-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  const spec = (script: string, change: Partial<CommandSpec> = {}): CommandSpec => ({
    command: ['/bin/sh', '-c', script],
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', GREETING: 'hello there' },
    stdout: join(folder, 'out'),
    stderr: join(folder, 'err'),
    signal: never,
    ...change,
  });

  /** A dead process may stay as a zombie where nobody collects orphans, as in containers. */
  const isAlive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  };

  /** Waits until the script has written a process id. */
  const pidIn = async (file: string): Promise<number> =>
    vi.waitUntil(
      async () => Number(await readFile(join(folder, file), 'utf8').catch(() => '')) || undefined,
      { timeout: 20_000 },
    );

  afterEach(async () => {
    for (const file of ['out', 'err', 'pid', 'seen']) await rm(join(folder, file), { force: true });
  });

  it('runs a command with its own environment and appends what it writes', async () => {
    const script = 'echo "$GREETING"; echo "$HOME" >&2; pwd; exit 3';
    expect(await executor.run(spec(script))).toEqual({ exitCode: 3, signal: null, stoppedFor: null });
    await executor.run(spec('echo again'));
    expect(await readFile(join(folder, 'out'), 'utf8')).toBe(`hello there\n${folder}\nagain\n`);
    expect(await readFile(join(folder, 'err'), 'utf8')).toBe('\n');
  });

  it.each([
    ['a command at work', 'while [ ! -e seen ]; do :; done', 0.02],
    [
      'children that have ended',
      `for n in 1 2 3; do (${busy(60_000)}); done; while [ ! -e seen ]; do sleep 0.02; done`,
      0.06,
    ],
  ])('counts the processor time of %s', async (_name, script, least) => {
    // The command goes on until as much was counted: where nothing is, it runs into the test's limit.
    const onUsage = ({ cpuSeconds }: Usage) => {
      if (cpuSeconds >= least) writeFileSync(join(folder, 'seen'), '');
    };
    expect(await executor.run(spec(script, { onUsage }))).toMatchObject({ exitCode: 0, stoppedFor: null });
  });

  it('gives arguments to the program as they are', async () => {
    await executor.run(spec('', { command: ['/bin/echo', '$HOME; rm -rf "x"', "o'k"] }));
    expect(await readFile(join(folder, 'out'), 'utf8')).toBe(`$HOME; rm -rf "x" o'k\n`);
  });

  it('ends the whole tree when aborted, even a child that ignores SIGTERM', async () => {
    const stop = new AbortController();
    const script = `trap '' TERM; sh -c 'trap "" TERM; echo $$ > pid; while :; do sleep 1; done' & wait`;
    const running = executor.run(spec(script, { signal: stop.signal }));
    const pid = await pidIn('pid');
    stop.abort();
    expect(await running).toEqual({ exitCode: null, signal: 'SIGKILL', stoppedFor: null });
    await vi.waitUntil(() => !isAlive(pid), { timeout: 20_000 });
  });

  it('lets a command end by itself within the grace', async () => {
    const stop = new AbortController();
    const script = `trap 'echo saved; exit 0' TERM; echo $$ > pid; while :; do sleep 0.05; done`;
    const running = executor.run(spec(script, { signal: stop.signal }));
    await pidIn('pid');
    stop.abort();
    expect(await running).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(folder, 'out'), 'utf8')).toBe('saved\n');
  });

  it('ends a command that takes too long', async () => {
    expect(await executor.run(spec('sleep 60', { timeoutMs: 50 }))).toMatchObject({
      exitCode: null,
      stoppedFor: 'time',
    });
  });

  it('leaves nothing running that the command left behind', async () => {
    expect(await executor.run(spec('sleep 60 & echo $! > pid'))).toMatchObject({ exitCode: 0 });
    const pid = await pidIn('pid');
    await vi.waitUntil(() => !isAlive(pid), { timeout: 20_000 });
  });

  it('finds and ends a child that left its group and its parent', async () => {
    const script = `(setsid sh -c 'trap "" TERM HUP; echo $$ > pid; sleep 60' &) ; sleep 0.2`;
    const env = { PATH: '/usr/bin:/bin', JOB: 'stray' };
    expect(await executor.run(spec(script, { env, mark: 'JOB=stray' }))).toMatchObject({ exitCode: 0 });
    const pid = await pidIn('pid');
    await vi.waitUntil(() => !isAlive(pid), { timeout: 20_000 });
  });

  it('ends the whole tree when it takes more memory than it may', async () => {
    const script = `sh -c 'echo $$ > pid; exec ${process.execPath} -e "const a = []; setInterval(() => a.push(Buffer.alloc(2e7, 1)), 20)"' & wait`;
    const outcome = await executor.run(spec(script, { memoryBytes: 300_000_000 }));
    expect(outcome).toMatchObject({ signal: 'SIGKILL', stoppedFor: 'memory' });
    const pid = await pidIn('pid');
    await vi.waitUntil(() => !isAlive(pid), { timeout: 20_000 });
  });

  it('ends a command that writes without end, and says what it took', async () => {
    const seen: Usage[] = [];
    const outcome = await executor.run(
      spec('while :; do echo too much; done', { outputBytes: 10_000, onUsage: (usage) => seen.push(usage) }),
    );
    expect(outcome).toMatchObject({ stoppedFor: 'output' });
    expect(seen[0]).toMatchObject({ processes: 1 });
    expect(seen[0]?.memoryBytes).toBeGreaterThan(100_000);
  });

  it('says which command could not be started, and why', async () => {
    for (const change of [
      { command: ['/no/such/program'] },
      { command: [] },
      { cwd: '/no/such/folder' },
      { stdout: '/no/such/folder/out' },
    ])
      await expect(executor.run(spec('true', change))).rejects.toMatchObject({ code: 'commandNotStarted' });
    const aborted = await executor.run(spec('touch pid', { signal: AbortSignal.abort() }));
    expect(aborted.signal).toBe('SIGTERM');
  });
});

describe('workerPool', () => {
  const module = new URL('./compute-fixture.ts', import.meta.url);
  const pool = workerPool({ threads: 2, maxQueue: 2 });
  const flags = () => new Int32Array(new SharedArrayBuffer(8));
  const started = (flag: Int32Array) => vi.waitUntil(() => Atomics.load(flag, 0) === 1, { timeout: 20_000 });

  afterAll(() => pool.close());

  it('computes in another thread', async () => {
    const reply = await pool.compute<{ values: Float64Array; threadId: number }>({
      module,
      name: 'double',
      input: Float64Array.of(1, 2.5),
    });
    expect(reply.values).toEqual(Float64Array.of(2, 5));
    expect(reply.threadId).toBeGreaterThan(0);
  });

  it('gives every report in order before the result', async () => {
    const seen: number[] = [];
    const onProgress = (progress: number) => void seen.push(progress);
    expect(await pool.compute({ module, name: 'countTo', input: 50 }, { onProgress })).toBe('done');
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  it('keeps errors of the catalogue and passes on others', async () => {
    await expect(pool.compute({ module, name: 'refuse', input: 'x@y' })).rejects.toMatchObject({
      code: 'referenceInvalid',
      status: 400,
      message: expect.stringContaining("'x@y'"),
    });
    await expect(pool.compute({ module, name: 'fail', input: 0 })).rejects.toThrow('broken');
    await expect(pool.compute({ module, name: 'nothere', input: 0 })).rejects.toThrow(
      "no function 'nothere'",
    );
  });

  it('ends the thread of an aborted task', async () => {
    const stop = new AbortController();
    const flag = flags();
    const spinning = pool.compute({ module, name: 'spin', input: flag }, { signal: stop.signal });
    await started(flag);
    stop.abort(new Error('enough'));
    await expect(spinning).rejects.toThrow('enough');
    const late = pool.compute({ module, name: 'double', input: flag }, { signal: stop.signal });
    await expect(late).rejects.toMatchObject({ code: 'computeCancelled' });
  });

  it('lets a native task run on, and ends it at its next report', async () => {
    const single = workerPool({ threads: 1 });
    const stop = new AbortController();
    const flag = flags();
    const spinning = single.compute(
      { module, name: 'spin', input: flag, native: true },
      { signal: stop.signal },
    );
    await started(flag);
    stop.abort();
    await expect(spinning).rejects.toMatchObject({ code: 'computeCancelled' });
    const next = single.compute({ module, name: 'countTo', input: 1 });
    Atomics.store(flag, 1, 1);
    expect(await next).toBe('done');
    await single.close();
  });

  it('refuses more than its queue holds', async () => {
    const stop = new AbortController();
    const tasks = Array.from({ length: 8 }, () =>
      pool.compute({ module, name: 'spin', input: flags() }, { signal: stop.signal }),
    );
    await expect(Promise.race(tasks)).rejects.toMatchObject({ code: 'computeBusy' });
    stop.abort();
    const replies = await Promise.allSettled(tasks);
    expect(replies.every((reply) => reply.status === 'rejected')).toBe(true);
  });
});
