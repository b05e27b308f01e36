// The real binary as tests start it: servers that end with us, commands with what they printed.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { vi } from 'vitest';
import { buildProgram } from '../cli/src/program.ts';
import { root } from '../scripts/steps.ts';

const binary = join(root, 'cli/src/main.ts');

/** The environment without any setting of ours, so that a developer's own cannot change a test. */
const cleanEnvironment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TIDEMILL_')));

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end, whatever that is. */
export function tidemill(
  words: readonly string[],
  options: { url?: string; folder?: string; input?: string } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...cleanEnvironment(), ...(options.url && { TIDEMILL_URL: options.url }) };
    const settings = { cwd: options.folder, env, maxBuffer: 64 * 2 ** 20 };
    const child = execFile(process.execPath, [binary, ...words], settings, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr });
    });
    child.stdin?.end(options.input ?? '');
  });
}

/**
 * The same program inside this process, which spares the half second of starting another. What only `main.ts` does is not
 * there: a failure is its bare message, and its code is 1.
 */
export async function tidemillInside(
  words: readonly string[],
  { url, folder }: { readonly url: string; readonly folder: string },
): Promise<Ended> {
  const stdout = capture(process.stdout);
  const stderr = capture(process.stderr);
  const [place, exitCode] = [process.cwd(), process.exitCode];
  process.chdir(folder);
  try {
    await buildProgram().parseAsync(['--url', url, ...words], { from: 'user' });
    return { code: Number(process.exitCode ?? 0), stdout: stdout.text(), stderr: stderr.text() };
  } catch (error) {
    return { code: 1, stdout: stdout.text(), stderr: `${stderr.text()}${(error as Error).message}` };
  } finally {
    process.chdir(place);
    process.exitCode = exitCode;
    for (const each of [stdout, stderr]) each.release();
  }
}

function capture(stream: NodeJS.WriteStream) {
  let text = '';
  const write = vi.spyOn(stream, 'write').mockImplementation((chunk) => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  });
  return { text: () => text, release: () => write.mockRestore() };
}

export interface TestServer {
  readonly url: string;
  /** `127.0.0.1:4601`, with `--grpc-port`. */
  readonly grpc: string | null;
  readonly child: ChildProcess;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Ends it as a power cut of the process would: no handler runs. */
  kill(): Promise<void>;
}

/** `tidemill up` on a free port, as its own process. @throws what it printed when it does not start */
export async function startServer(data: string, ...words: readonly string[]): Promise<TestServer> {
  const all = [binary, 'up', '--port', '0', '--data', data, '--exit-with-parent', ...words];
  const child = spawn(process.execPath, all, { stdio: ['pipe', 'pipe', 'pipe'], env: cleanEnvironment() });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  let url: string | undefined;
  for await (const line of createInterface(child.stdout)) {
    url ??= /listens on (\S+)/.exec(line)?.[1];
    const grpc = /^gRPC on (\S+)/.exec(line)?.[1] ?? null;
    if (url && (grpc !== null || !words.includes('--grpc-port')))
      return { url, grpc, child, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
  }
  throw new Error(`The server did not start: ${complaint}`);
}
