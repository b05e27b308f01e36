import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./serve-folder.ts', import.meta.url));

export interface KillableServer {
  /** Of what was submitted. */
  readonly id: string;
  /** `kill -9`: nothing of it gets to say goodbye. */
  kill(): Promise<void>;
}

/** A real server process on the data folder, which submits one thing, or none. Kill it before the test ends. */
export async function startKillableServer(
  dataFolder: string,
  verb:
    | 'serve'
    | 'jobs.submitAll'
    | 'jobs.submitCommand'
    | 'sweeps.create'
    | 'sweeps.search'
    | 'registry.create'
    | 'features.push'
    | 'subjects.erase',
  input: object = {},
  options: {
    readonly postgres?: string;
    readonly leaseMs?: number;
    readonly host?: string;
    readonly eraseGraceMs?: number;
  } = {},
): Promise<KillableServer> {
  const args = [script, dataFolder, verb, JSON.stringify(input), JSON.stringify(options)];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const first = await Promise.race([once(child.stdout ?? child, 'data'), ended]);
  if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
  return {
    id: String(first[0]).trim(),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
