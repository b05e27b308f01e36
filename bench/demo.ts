import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../scripts/steps.ts';
import type { Bench, BenchContext, Outcome } from './bench.ts';
import { alternate } from './rounds.ts';

const name = 'demo';
const limit = 60;

export const demo: Bench = {
  name,
  summary: `npm run demo -- --exit, from installed packages to the report; limit ${limit} s`,
  settings: [
    'wall clock of the whole command: npm, building the web UI where it is not built, server, report',
  ],
  promises: [{ name, unit: 's', better: 'lower', target: 1, limit, peer: null }],
  rounds: 3,
  run,
};

async function run({ folder, rounds, say }: BenchContext): Promise<Outcome> {
  let played = 0;
  const told: number[] = [];
  const playDemo = async (): Promise<number> => {
    const to = join(folder, `demo-${++played}`);
    const started = performance.now();
    await runNpm(['run', '-s', 'demo', '--', '--exit', '--port', '0', '--folder', to]);
    const seconds = (performance.now() - started) / 1000;
    told.push(await readSeconds(join(to, 'report.json')));
    return seconds;
  };
  const [ours = []] = await alternate([playDemo], rounds, (round, [seconds = 0]) =>
    say(`round ${round}: ${seconds.toFixed(1)} s`),
  );
  const notes = [`by the demo's own clock: ${told.join(' s, ')} s`];
  return { measured: [{ name, ours, peer: null }], notes };
}

/** The report's own time; a demo that skipped its work would be fast. */
async function readSeconds(path: string): Promise<number> {
  const report = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  if (report.reproduced === true && report.tamperedReproduced === false && Number(report.predictions) > 0)
    return Number(report.seconds);
  throw new Error(`the report is not that of a whole demo: ${JSON.stringify(report)}`);
}

/** Its story is not ours to print; its complaints are. */
function runNpm(parameters: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', parameters, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`npm ${parameters.join(' ')} ended with ${code}`)),
    );
  });
}
