import type { SearchDefinition, Trial } from '@tidemill/contract';
import { afterEach, expect, test, vi } from 'vitest';
import type { DatabaseHandle } from '../../../adapters/db/db.ts';
import type { Caller } from '../../../base/caller.ts';
import { callerIn } from '../../../testing/data-wing.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';
import { createTrainingWing, type TrainingWing } from '../../../testing/training-wing.ts';
import { createMinds } from './minds.ts';
import { searchStore } from './store.ts';

const definition: SearchDefinition = {
  experiment: 'shared',
  space: { x: { type: 'float', low: -5, high: 5 }, y: { type: 'float', low: -5, high: 5 } },
  goals: [{ metric: 'loss', direction: 'minimize' }],
  budget: { trials: 18 },
  seed: 11,
};

describeEachDatabase('a sweep whose workers ask several servers', (open) => {
  let database: DatabaseHandle;
  const wings: TrainingWing[] = [];
  afterEach(async () => {
    for (const wing of wings.splice(0)) await wing.close();
  });

  /** Two servers where they may share a database, one server twice where not. */
  async function prepare(workspace: string): Promise<[TrainingWing, TrainingWing, Caller]> {
    database = await open();
    const first = await createTrainingWing(database);
    wings.push(first);
    if (database.kind === 'sqlite') return [first, first, callerIn(workspace)];
    const second = await createTrainingWing(await open());
    wings.push(second);
    return [first, second, callerIn(workspace)];
  }

  const askFor = async ({ sweeps }: TrainingWing, id: string, caller: Caller) => {
    const { trial } = await sweeps.ask({ id }, caller);
    if (!trial) throw new Error('no trial');
    return trial;
  };

  const codeOf = (result: PromiseSettledResult<Trial>): string | undefined =>
    result.status === 'rejected' ? result.reason.code : undefined;

  test('gives no trial twice, and each server knows what was told to the other', async () => {
    const [first, second, caller] = await prepare('asked');
    const { id } = await first.sweeps.search(definition, caller);
    const given: number[] = [];
    const work = async ({ sweeps }: TrainingWing) => {
      for (;;) {
        const { trial } = await sweeps.ask({ id }, caller);
        // Nothing is left, or the last ones are at work.
        if (!trial) return;
        const { number, parameters, lease } = trial;
        given.push(number);
        const value = Number(parameters.x) ** 2 + Number(parameters.y) ** 2;
        for (const step of [0, 1]) await sweeps.report({ id, number, step, value, lease }, caller);
        await sweeps.tell({ id, number, value, lease }, caller);
      }
    };
    await Promise.all([first, first, first, second, second, second].map(work));
    expect([...given].sort((a, b) => a - b)).toEqual(Array.from({ length: 18 }, (_, number) => number));
    const sweep = await first.sweeps.get({ id }, caller);
    expect(sweep.trials.every(({ state }) => state === 'complete')).toBe(true);

    // Whoever knew all from the beginning asks the same as whoever has just learnt it.
    await second.sweeps.resume({ id, budget: { trials: 22 } }, caller);
    for (const wing of [first, second, first, second]) {
      const record = await searchStore(database.db).find(caller.workspace, id);
      if (!record) throw new Error('no sweep');
      const { sampler, trials } = await createMinds(database.db).of(record);
      const expected = sampler.ask(trials.size);
      expect((await askFor(wing, id, caller)).parameters).toEqual(expected?.parameters);
    }
  });

  test('a trial that is told twice at the same time has one end, whoever was told of it', async () => {
    const [first, second, caller] = await prepare('told');
    const { id } = await first.sweeps.search(definition, caller);
    for (let round = 0; round < 6; round++) {
      const { number } = await askFor(first, id, caller);
      const told = await Promise.allSettled(
        [first, second].map(({ sweeps }, value) => sweeps.tell({ id, number, value }, caller)),
      );
      expect(told.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(told.map(codeOf)).toContain('trialEnded');
      const value = told.findIndex(({ status }) => status === 'fulfilled');
      expect((await second.sweeps.get({ id }, caller)).trials[number]).toMatchObject({
        state: 'complete',
        value,
      });
      const same = await askFor(second, id, caller);
      const twice = [first, second].map(({ sweeps }) =>
        sweeps.tell({ id, number: same.number, value: 7 }, caller),
      );
      expect((await Promise.all(twice)).map((trial) => trial.value)).toEqual([7, 7]);
    }
  });

  test('a report that comes while the trial is told elsewhere does not bring it back', async () => {
    const [first, second, caller] = await prepare('reported');
    const { id } = await first.sweeps.search(definition, caller);
    for (let round = 0; round < 8; round++) {
      const { number } = await askFor(first, id, caller);
      await Promise.all([
        first.sweeps.tell({ id, number, value: 1 }, caller),
        ...[0, 1, 2].map((step) => second.sweeps.report({ id, number, step, value: 2 }, caller)),
      ]);
    }
    const { trials } = await second.sweeps.get({ id }, caller);
    expect(trials.map(({ state, value }) => [state, value])).toEqual(
      Array.from({ length: 8 }, () => ['complete', 1]),
    );
  });

  test('a trial that was given back and is heard of again has a lease again, so it cannot be lost', async () => {
    const [first, second, caller] = await prepare('late');
    const { id } = await first.sweeps.search(
      { ...definition, budget: { trials: 400 }, leaseSeconds: 3 },
      caller,
    );
    const late = [await askFor(first, id, caller), await askFor(second, id, caller)];
    await new Promise((resolve) => setTimeout(resolve, 3_100));
    // Both are lost; one is given at once, the other waits, and its worker is only slow.
    expect((await askFor(second, id, caller)).number).toBe(late[0]?.number);
    const { number, lease } = late[1] as NonNullable<(typeof late)[1]>;
    expect(await first.sweeps.report({ id, number, step: 0, value: 1, lease }, caller)).toEqual({
      stop: false,
    });
    expect((await askFor(first, id, caller)).number).toBe(2);
    // Then that worker dies as well.
    const again = await vi.waitUntil(
      async () => {
        const asked = await askFor(second, id, caller);
        return asked.number === number ? asked : undefined;
      },
      { timeout: 20_000, interval: 100 },
    );
    const refused = first.sweeps.tell({ id, number, value: 1, lease }, caller);
    await expect(refused).rejects.toMatchObject({ code: 'trialLeaseLost' });
    const told = await first.sweeps.tell({ id, number, value: 2, lease: again.lease }, caller);
    expect(told).toMatchObject({ state: 'complete', value: 2 });
  });
});
