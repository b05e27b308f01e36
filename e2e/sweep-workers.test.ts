// Workers of a sweep live elsewhere and go on when its server dies: what they were given is theirs, what they tell counts once.
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type AskedTrial, type Client, createClient, TidemillClientError } from '../sdk/src/index.ts';
import { createPlace, databases, isThere, type Place } from './mlflow/servers.ts';

const trials = 14;
const lossOf = ({ x, y }: Readonly<Record<string, unknown>>): number => Number(x) ** 2 + Number(y) ** 2;

const moments = ['asking', 'asked', 'reporting', 'telling'] as const;
type Moment = (typeof moments)[number];

/** The server was away for longer than the lease: somebody else has the trial now. */
function dropLost(error: unknown): void {
  if (!(error instanceof TidemillClientError) || error.code !== 'trialLeaseLost') throw error;
}

describe.each(databases.filter(isThere))('workers of a sweep [%s]', (kind) => {
  let place: Place;
  afterEach(() => place?.remove());

  test('go on after kill -9 at every step of a trial: none is lost, none is done twice', async () => {
    place = await createPlace(kind);
    let server = await place.start();
    let client = createClient({ url: server.url });
    const { id } = await client.sweeps.search({
      experiment: 'outside',
      space: { x: { type: 'float', low: -5, high: 5 }, y: { type: 'float', low: -5, high: 5 } },
      goals: [{ metric: 'loss', direction: 'minimize' }],
      ...{ budget: { trials }, seed: 5, leaseSeconds: 5 },
    });

    /** Dead when the moment comes, which may be while a request is on its way. */
    let awaited: { readonly moment: Moment; come(): void } | null = null;
    const reach = (moment: Moment) => {
      if (awaited?.moment !== moment) return;
      awaited.come();
      awaited = null;
    };
    const when = (moment: Moment) =>
      new Promise<void>((come) => {
        awaited = { moment, come };
      });

    /** As a worker does that does not know why nobody answers. */
    async function insist<T>(call: (client: Client) => Promise<T>): Promise<T> {
      for (;;) {
        try {
          return await call(client);
        } catch (error) {
          if (error instanceof TidemillClientError && error.status >= 400 && error.status < 500) throw error;
          await pause(50);
        }
      }
    }

    const told: number[] = [];
    async function run({ number, parameters, lease }: AskedTrial): Promise<void> {
      reach('asked');
      const value = lossOf(parameters);
      for (const step of [0, 1]) {
        reach('reporting');
        await insist((now) => now.sweeps.report({ id, number, lease, step, value: value + 1 - step }));
      }
      reach('telling');
      await insist((now) => now.sweeps.tell({ id, number, lease, value }));
      told.push(number);
    }

    async function work(): Promise<void> {
      for (;;) {
        reach('asking');
        const { trial, state } = await insist((now) => now.sweeps.ask({ id }));
        if (!trial && state !== 'running') return;
        if (trial) await run(trial).catch(dropLost);
        else await pause(100);
      }
    }

    const workers = Promise.all([work(), work()]);
    for (const moment of moments) {
      await Promise.race([when(moment), workers]);
      await server.kill();
      server = await place.start();
      client = createClient({ url: server.url });
    }
    await workers;

    const sweep = await client.sweeps.get({ id });
    expect(sweep).toMatchObject({ state: 'succeeded', error: null });
    expect(sweep.trials.map(({ number, state, value }) => ({ number, state, value }))).toEqual(
      sweep.trials.map(({ parameters }, number) => ({
        ...{ number, state: 'complete', value: lossOf(parameters) },
      })),
    );
    expect(told.toSorted((a, b) => a - b)).toEqual(Array.from({ length: trials }, (_, number) => number));
    for (const { runId, value } of sweep.trials) {
      expect(await client.experiments.getRun({ id: runId })).toMatchObject({
        ...{ status: 'FINISHED', metrics: { loss: value } },
      });
      expect((await client.experiments.metricHistory({ id: runId, key: 'loss' })).items).toHaveLength(1);
    }
    const [first] = sweep.trials;
    const again = { id, number: 0, value: first?.value ?? 0 };
    expect(await client.sweeps.tell(again)).toEqual(first);
    await expect(client.sweeps.tell({ ...again, value: -1 })).rejects.toMatchObject({ code: 'trialEnded' });
  });
});
