/** One Python process with one model in it. It answers one order after another and is never started again; `python.ts` does that. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, open, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { CommandOutcome, Executor } from '../executor/executor.ts';
import type { Signature } from './inference.ts';
import { createFrameReader, encodeFrame, type Frame, openLine } from './python-frames.ts';

export interface WorkerSpec {
  readonly executor: Pick<Executor, 'run'>;
  readonly python: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of the worker and all it starts. */
  readonly memoryBytes: number;
  readonly startupMs: number;
  /** Ends it while it starts; afterwards `end` does. */
  readonly signal: AbortSignal;
}

export interface PythonSignature extends Signature {
  /** Inputs that may be left out. */
  readonly optional: readonly string[];
}

export interface PythonWorker {
  readonly pid: number;
  /** As its model says it. */
  readonly signature: PythonSignature;
  /** One at a time: the caller waits for an answer before the next order. Never settles if the worker ends. */
  ask(header: object, parts?: readonly Uint8Array[]): Promise<Frame>;
  /** Why it ended, in words, once all it had started is gone. */
  readonly ended: Promise<string>;
  /** Ends it and everything it has started, at once. */
  end(reason: string): Promise<string>;
}

/** The model itself is why the worker did not get ready. */
export class ModelUnloadable extends Error {
  override readonly name = 'ModelUnloadable';
}

const script = resolve(import.meta.dirname, '../../../../python/model_worker.py');
const mostLogBytes = 4_000_000;
const shownLogBytes = 1000;
const mebibyte = 1_048_576;

/** Resolves when the model is loaded and warm. @throws ModelUnloadable, or an `Error` that says how the worker ended */
export async function startWorker(spec: WorkerSpec): Promise<PythonWorker> {
  // Short: the path of a Unix socket has at most 107 bytes.
  const scratch = await mkdtemp(join(tmpdir(), 'tidemill-'));
  const path = join(scratch, 's');
  const log = join(scratch, 'log');
  const line = await openLine(path);
  const mark = randomUUID();
  const stop = new AbortController();
  let why: string | null = null;
  let waiting: ((frame: Frame) => void) | null = null;
  let kept: Frame | null = null;

  const outcome = spec.executor.run({
    command: [spec.python, script, path, spec.folder],
    cwd: scratch,
    env: { ...spec.env, TIDEMILL_WORKER: mark, PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' },
    stdout: log,
    stderr: log,
    memoryBytes: spec.memoryBytes,
    mark: `TIDEMILL_WORKER=${mark}`,
    onUsage: () => void keepShort(log),
    signal: stop.signal,
  });
  const ended = outcome
    .then(
      async (found) =>
        why ?? `its process ended (${describeEnd(found, spec.memoryBytes)})${await lastWords(log)}`,
    )
    .catch((error: Error) => error.message)
    .finally(async () => {
      line.close();
      await rm(scratch, { recursive: true, force: true });
    });

  async function end(reason: string): Promise<string> {
    why ??= reason;
    // The guardian kills at once what would otherwise have a moment to end by itself.
    line.close();
    stop.abort();
    return ended;
  }

  const next = (): Promise<Frame> =>
    new Promise((resolve) => {
      if (kept) resolve(kept);
      else waiting = resolve;
      kept = null;
    });
  const read = createFrameReader((frame) => {
    if (waiting) waiting(frame);
    else kept = frame;
    waiting = null;
  });

  const seconds = Math.round(spec.startupMs / 1000);
  const tooLate = setTimeout(() => void end(`it was not ready after ${seconds} seconds`), spec.startupMs);
  const leave = () => void end('it was closed');
  spec.signal.addEventListener('abort', leave, { once: true });
  if (spec.signal.aborted) leave();
  const failed = ended.then((reason) => Promise.reject(new Error(reason)));
  failed.catch(() => undefined);
  try {
    const socket = await Promise.race([line.worker, failed]);
    socket.on('data', (chunk) => {
      try {
        read(chunk);
      } catch (error) {
        void end(`it did not keep to the protocol (${(error as Error).message})`);
      }
    });
    const { header } = await Promise.race([next(), failed]);
    if (header.kind !== 'ready') {
      const frames = Array.isArray(header.frames) ? header.frames.map((each) => `\n  ${each}`).join('') : '';
      await end('it cannot be loaded');
      throw new ModelUnloadable(`${header.reason}${frames}`);
    }
    return {
      pid: Number(header.pid),
      ended,
      end,
      signature: header.signature as PythonSignature,
      ask(order, parts) {
        const reply = next();
        for (const part of encodeFrame(order, parts)) socket.write(part);
        return reply;
      },
    };
  } finally {
    clearTimeout(tooLate);
    spec.signal.removeEventListener('abort', leave);
  }
}

function describeEnd({ exitCode, signal, stoppedFor }: CommandOutcome, memoryBytes: number): string {
  if (stoppedFor === 'memory')
    return `killed, as it took more than ${Math.round(memoryBytes / mebibyte)} MiB of memory`;
  return signal ?? `exit code ${exitCode}`;
}

/** What it printed is for whoever looks why it ended; only the newest of it is worth the disk. */
async function keepShort(path: string): Promise<void> {
  if (((await stat(path).catch(() => null))?.size ?? 0) > mostLogBytes) await truncate(path, 0);
}

async function lastWords(path: string): Promise<string> {
  const file = await open(path).catch(() => null);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, shownLogBytes));
    await file.read(buffer, 0, buffer.length, size - buffer.length);
    const lines = buffer.toString('utf8').trim().split('\n').slice(-3);
    return lines[0] ? `; it said: ${lines.join('\n')}` : '';
  } finally {
    await file.close();
  }
}
