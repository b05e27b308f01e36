import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createTestPlatform } from '../../testing/platform.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { until } from '../../testing/until.ts';

const fixture = fileURLToPath(new URL('../../testing/loop-fixture.ts', import.meta.url));

/** Starts a loop run in a process of its own and kills that process when a step begins; gives the run's id. */
async function killAt(step: string, folder: string): Promise<string> {
  const child = spawn(process.execPath, [fixture, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let id = '';
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('run ')) id = line.slice(4);
    if (line === `step ${step}`) break;
  }
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return id;
}

test.each(['sweep', 'gate'])(
  'a run killed at %s is finished by the next process, and nothing is made twice',
  async (step) => {
    const folder = await tempDir();
    const id = await killAt(step, folder);
    expect(id).toMatch(/^loop_/);
    const platform = await createTestPlatform({ dataFolder: folder });
    try {
      const { services, caller } = platform;
      const run = await until(
        () => services.retraining.get({ id }, caller),
        (found) => found.finishedAt !== null || found.rollout !== null,
        60_000,
      );
      expect(run.state).not.toBe('failed');
      const sweeps = await services.sweeps.list({}, caller);
      expect(sweeps.items.filter((sweep) => sweep.definition.name === id)).toHaveLength(1);
      const versions = await services.datasets.listVersions({ name: 'forecaster-days' }, caller);
      expect(versions.items).toHaveLength(1);
      expect(run.candidate).toBe('forecaster@2');
    } finally {
      await platform.close();
    }
  },
  120_000,
);
