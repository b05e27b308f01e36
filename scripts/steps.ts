// What `npm run check` and `npm test` share: the steps, how one is run, and the closing lines.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

export type Step = {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

export type StepResult = { readonly name: string; readonly ok: boolean; readonly seconds: number };

/** Folders the import order speaks about; those not there yet are left out. */
const cruised = ['contract', 'server', 'sdk', 'cli', 'web', 'examples', 'e2e', 'bench', 'scripts'];

/** The checks that need nothing but the sources. */
export function staticSteps(): readonly Step[] {
  return [
    { name: 'format and lint', command: ['biome', 'ci', '.'] },
    { name: 'types (node)', command: ['tsc', '-p', '.'] },
    { name: 'types (web)', command: ['tsc', '-p', 'web'] },
    {
      name: 'import order',
      command: [
        'depcruise',
        '--config',
        '.dependency-cruiser.cjs',
        '--output-type',
        'err-long',
        ...cruised.filter((folder) => existsSync(join(root, folder))),
      ],
    },
  ];
}

/** Runs the step with the terminal's own output; never throws, the caller reads `ok`. */
export async function runStep(step: Step): Promise<StepResult> {
  const started = performance.now();
  const [program, ...parameters] = step.command;
  const ok = await new Promise<boolean>((resolve) => {
    const child = spawn(program ?? '', parameters, {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        // Servers and commands that tests start read their compiled modules instead of making them: a third of a start.
        NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node'),
        ...step.env,
        PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`,
      },
    });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
  const seconds = (performance.now() - started) / 1000;
  console.log(`${ok ? '✔' : '✘'} ${step.name}  ${seconds.toFixed(1)} s`);
  return { name: step.name, ok, seconds };
}

/** All steps in order, also after a failure: one run tells everything that is wrong. */
export async function runSteps(steps: readonly Step[]): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (const step of steps) results.push(await runStep(step));
  return results;
}

export function printSummary(results: readonly StepResult[]): void {
  const total = results.reduce((sum, result) => sum + result.seconds, 0);
  const failed = results.filter((result) => !result.ok).map((result) => result.name);
  const verdict = failed.length === 0 ? 'all green' : `FAILED: ${failed.join(', ')}`;
  console.log(`\n${verdict} (${results.length} steps, ${total.toFixed(1)} s)`);
}
