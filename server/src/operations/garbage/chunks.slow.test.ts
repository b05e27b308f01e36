import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createProfiling } from '../../data/profiling/service.ts';
import { segmentStore } from '../../serving/predictions/store.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestRegistry, type TestRegistry } from '../../testing/registry.ts';
import { jobFileStore } from '../../training/jobs/files/store.ts';
import { createGarbageCollection } from './service.ts';

const caller = { actor: 'user:tester', role: 'admin', workspace: 'default' } as const;
const all = { olderThanSeconds: 0, graceSeconds: 0 };
const names = ['a', 'b'] as const;

/** Several chunks; versions of near seeds have most rows in common and are stored as deltas. */
const table = (seed: number): Buffer =>
  Buffer.from(
    `id,x\n${Array.from({ length: 24_000 }, (_, i) => `${i},${i % 700 === 3 ? seed : i % 11}`).join('\n')}\n`,
  );

const refused = new Proxy({} as never, {
  get: (_, name) => {
    throw new Error(`profiling asked for ${String(name)}`);
  },
});

describeEachDatabase('chunks of deleted versions', (open) => {
  let own: TestRegistry;
  let garbage: ReturnType<typeof createGarbageCollection>;
  beforeAll(async () => {
    own = await createTestRegistry(await open());
    // Only what is kept counts here: nothing is profiled.
    const profiling = createProfiling({ ...own, analytics: refused, compute: refused });
    garbage = createGarbageCollection({
      ...own,
      profiling,
      predictions: segmentStore(own.db),
      jobs: jobFileStore(own.db),
    });
  });
  afterAll(() => own.close());

  const commit = (name: string, seed: number) =>
    own.datasets.commit({ name, format: 'csv', content: table(seed) }, caller);
  const stored = async (): Promise<string[]> => {
    const ids: string[] = [];
    for await (const id of own.blobs.list()) ids.push(id);
    return ids;
  };

  it('go with their files, and only those: what other versions, forks and deltas count on stays', async () => {
    const step = fc.record({
      verb: fc.constantFrom('commit', 'commit', 'fork', 'delete', 'collect'),
      name: fc.constantFrom(...names),
      seed: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 6 }), async (steps) => {
        for (const name of names) await commit(name, 0);
        for (const { verb, name, seed } of steps) {
          if (verb === 'commit') await commit(name, seed);
          else if (verb === 'fork')
            await own.datasets.fork({ name: names[seed % 2] ?? 'a', from: name }, caller);
          else if (verb === 'collect') await garbage.collect({ ...all, apply: true }, caller);
          else {
            const { items } = await own.datasets.listVersions({ name }, caller);
            const gone = items[seed % items.length];
            if (items.length > 1 && gone)
              await own.datasets.deleteVersion({ name, version: gone.version }, caller);
          }
        }
        const told = await garbage.collect(all, caller);
        const done = await garbage.collect({ ...all, apply: true }, caller);
        expect(done).toMatchObject({ chunks: told.chunks, blobs: told.blobs, bytes: told.bytes });
        for (const name of names)
          for (const { version } of (await own.datasets.listVersions({ name }, caller)).items)
            expect((await own.datasets.verify({ name, version: String(version) }, caller)).damage).toEqual(
              [],
            );
        expect(await garbage.collect(all, caller)).toMatchObject({ chunks: 0, blobs: 0 });
      }),
      { numRuns: 2, endOnFailure: true },
    );
    for (const name of names) await own.datasets.delete({ name }, caller);
    await garbage.collect({ ...all, apply: true }, caller);
    expect(await stored()).toEqual([]);
    expect(await own.db.selectFrom('dataset_chunks').selectAll().execute()).toEqual([]);
    expect(await own.db.selectFrom('dataset_chunk_sources').selectAll().execute()).toEqual([]);
  });

  it('stay while a commit may be about to name them', async () => {
    const { digest } = await commit('c', 1);
    const other = await commit('c', 2);
    for (const each of [digest, other.digest])
      await own.db
        .insertInto('dataset_profiles')
        .values({ digest: each, revision: 1, time_column: '', profile: '{}' })
        .execute();
    await own.datasets.deleteVersion({ name: 'c', version: 1 }, caller);
    const young = await garbage.collect({ ...all, graceSeconds: 3_600, apply: true }, caller);
    expect(young).toMatchObject({ chunks: 0, blobs: 0 });
    const profiles = await own.db.selectFrom('dataset_profiles').select('digest').execute();
    expect(profiles).toEqual([{ digest: other.digest }]);
    // The same rows again: named anew, they are not taken by the next collection either.
    expect((await commit('c', 1)).version).toBe(3);
    await garbage.collect({ ...all, apply: true }, caller);
    expect((await own.datasets.verify({ name: 'c', version: '3' }, caller)).damage).toEqual([]);
  });
});
