// Jobs on a server that asks for tokens: a script logs by MLflow's own client, with what it finds in its environment.
import { join } from 'node:path';
import type { CommandJob, Job, Sweep } from '@tidemill/contract';
import { type Client, createClient } from '@tidemill/sdk';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { tidemill } from '../cli-process.ts';
import { createPlace, type Place } from './servers.ts';

const python = process.env.TIDEMILL_TEST_PYTHON ?? '';
if (python === '')
  console.warn('SKIPPED: jobs with tokens. npm test makes their environment; see CONTRIBUTING.md.');
const command = [python, join(import.meta.dirname, 'job_script.py')];
const stars = `tdm_${'*'.repeat(47)}`;

describe.skipIf(python === '')('a job on a server that asks for tokens', () => {
  let place: Place;
  let client: Client;

  beforeAll(async () => {
    place = await createPlace('sqlite');
    const { stdout } = await tidemill(['first-token', ...place.words]);
    const { url } = await place.start('--host', '0.0.0.0');
    client = createClient({ url: `http://127.0.0.1:${new URL(url).port}`, token: stdout.trim() });
  });
  afterAll(() => place?.remove());

  const untilEnded = <T extends Job | Sweep>(get: () => Promise<T>): Promise<T> =>
    vi.waitUntil(
      async () => {
        const found = await get();
        return ['succeeded', 'failed', 'cancelled'].includes(found.state) && found;
      },
      { timeout: 100_000, interval: 100 },
    ) as Promise<T>;
  async function run(change: Partial<CommandJob>): Promise<Job> {
    const { id } = await client.jobs.submitCommand({ experiment: 'tokens', command, ...change });
    return untilEnded(() => client.jobs.get({ id }));
  }

  test('logs to its run by autolog, in nested runs and as models, and nowhere else', async () => {
    const { runId: foreign } = await run({ command: ['true'] });
    const { id, runId: own, error } = await run({ parameters: { foreign }, mayRegister: 'mine' });
    const runId = own ?? '';
    // The last thing that it does is to say its secret and to fail; whatever goes wrong before is said instead.
    expect(error).toContain(`at the end: ${stars}`);
    const { content } = await client.jobs.logs({ id });
    let log = '';
    for await (const bytes of content) log += Buffer.from(bytes).toString();
    expect(log).toContain(`secret  ${stars}\n`);

    const logged = await client.experiments.getRun({ id: runId });
    expect(logged.parameters).toMatchObject({ token: stars, seen: '1', best_alpha: expect.any(String) });
    expect(logged.metrics.training_r2_score).toBeGreaterThan(0.4);
    expect(logged.inputs.length).toBeGreaterThan(0);
    const { items } = await client.experiments.searchRuns({
      experimentIds: [logged.experimentId],
      filter: `tags.mlflow.parentRunId = '${runId}'`,
    });
    expect(items).toHaveLength(3);
    const made = await client.audit.list({ action: 'loggedModel.created' });
    expect(new Set(made.items.map(({ actor }) => actor))).toEqual(new Set([`job:${id}`]));
    const version = await client.registry.register({ name: 'ridge', runId, path: 'by-hand' });
    expect(version.reference).toBe('ridge@1');
    const mine = await client.registry.getVersion({ name: 'mine', version: '1' });
    expect([mine.runId, mine.digest]).toEqual([runId, version.digest]);
  });

  test('of a sweep reports to its own trial only', async () => {
    const { id } = await client.sweeps.search({
      ...{ experiment: 'tokens', space: { x: { type: 'float', low: -1, high: 1 } } },
      ...{ goals: [{ metric: 'loss', direction: 'minimize' }], budget: { trials: 2 }, command: { command } },
    });
    const { trials } = await untilEnded(() => client.sweeps.get({ id }));
    expect(trials.map(({ state, error }) => [state, error])).toEqual(Array(2).fill(['complete', null]));
  });
});
